"""Long-held operation reads: to the end, or until something new was reported."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from backend.local.operations import preferred_wait
from tests.local.conftest import SCORE, Sdk


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait=10", 10.0),
        ('respond-async, WAIT = "3"', 3.0),
        ("wait=-1", None),
        ("wait=0", 0.0),
        ("return=minimal", None),
    ],
)
def test_preference_is_read(header: str | None, seconds: float | None) -> None:
    assert preferred_wait(header) == seconds


def test_reads_wait_for_news_and_for_the_end(
    sdk: Sdk, base_model: str, wire: httpx.Client, script: Callable[[str], str]
) -> None:
    slow = SCORE.replace("    global base\n", "    global base\n    import time; time.sleep(2)\n")
    arguments = {"models": [base_model], "source": script(slow), "environment_path": "scoring.yml"}
    sdk("deploy", service="watched", wait=False, **arguments)
    address = f"operations/{wire.get('services/watched').json()['operationId']}"

    def read(wait: int | None, offset: int = 0) -> dict[str, object]:
        preference = {} if wait is None else {"Prefer": f"wait={wait}"}
        answer = wire.get(address, params={"offset": offset}, headers=preference)
        assert answer.headers.get("Preference-Applied") == (None if wait is None else f"wait={wait}")
        return dict(answer.json())

    at_once = read(wait=0)
    assert at_once["state"] == "Running"
    log, reads = str(at_once["streamingOperationLog"]), 0
    while (news := read(wait=30, offset=len(log)))["state"] == "Running":
        log += str(news["streamingOperationLog"])
        reads += 1
        assert reads < 30, "a read that waits answered with nothing new"
    log += str(news["streamingOperationLog"])
    end = read(wait=None)

    assert end["state"] == "Succeeded"
    assert end["streamingOperationLog"] == log
    lines = [line.split("|") for line in log.split("#") if line]
    assert all(len(line) == 2 and time.strptime(line[0], "%Y%m%d%H%M%S") for line in lines)
    assert lines[-1][1] == "Checking the status of inference endpoint watched."
    sdk("delete", service="watched")
