"""The failure doctor's rules, one by one against what was really seen (tests/data/failures)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.diagnosis import (
    NO_REASON,
    UNKNOWN,
    Action,
    Diagnosis,
    Failure,
    diagnose,
    failure_of_error,
    rules,
)
from backend.endpoint import EndpointClient
from backend.errors import EndpointUnavailable

FAILURES = Path(__file__).parent.parent / "data" / "failures"
CASES = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FAILURES.glob("*.json"))}


def read(case: dict[str, Any]) -> Diagnosis:
    return diagnose(Failure(case["message"], case["evidence"], case["code"], case["status"]))


@pytest.mark.parametrize("name", CASES)
def test_a_captured_failure_has_its_cause_and_the_line_that_shows_it(name: str) -> None:
    case = CASES[name]
    diagnosis = read(case)
    assert diagnosis.cause == case["cause"]
    seen = [line.strip() for line in f"{case['message']}\n{case['evidence']}".splitlines()]
    if case["cause"] != NO_REASON:
        assert diagnosis.lines
    for line in diagnosis.lines:  # of the text itself, masked or cut where it must be
        assert any(line[:40] == known[:40] for known in seen), line


def test_every_rule_has_a_failure_that_it_was_made_for() -> None:
    untried = {rule.cause for rule in rules()} - {case["cause"] for case in CASES.values()}
    # No such output could be made or found; each is told by a code or sentence of our own.
    assert untried == {
        "script_unusable",
        "init_timeout",
        "workspace_forbidden",
        "server_error",
        "no_address",
        "ended_at_start",
        "never_healthy",
        "environment_build",
        "interrupted",
        "workspace_unreachable",
    }


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (Failure("The scoring script can't be used: it has no run()"), "script_unusable"),
        (Failure("init() did not finish within 300 s."), "init_timeout"),
        (Failure("Could not deploy x", "Response Code: 403"), "workspace_forbidden"),
        (Failure("The endpoint answered 500: oops", "oops", "endpoint.rejected", 500), "server_error"),
        (Failure("x has no address yet", "", "endpoint.no_address"), "no_address"),
        (Failure("The scoring process ended with code 1 before it answered."), "ended_at_start"),
        (Failure("x was deployed, but is Unhealthy.", "", "deployment.not_healthy"), "never_healthy"),
        (Failure("something", "a log", "deployment.build_failed"), "environment_build"),
        (Failure("The application was stopped.", "", "job.interrupted"), "interrupted"),
        (Failure("It can't be reached.", "", "workspace.unavailable"), "workspace_unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_our_own_sentences_and_codes(failure: Failure, cause: str) -> None:
    assert diagnose(failure).cause == cause


def test_a_sigkill_alone_is_no_evidence_of_memory() -> None:
    case = CASES["fault_crash_loop"]
    assert "Perhaps out of memory?" in case["evidence"]
    assert read(case).cause == "crash_loop"
    assert read(case).is_symptom


def test_an_out_of_memory_inside_a_crash_loop_is_out_of_memory() -> None:
    case = CASES["out_of_memory_in_a_crash_loop"]
    diagnosis = read(case)
    assert (diagnosis.cause, diagnosis.action) == ("out_of_memory", "resize")
    assert "exceeded memory_gb" in diagnosis.lines[0]


def test_a_symptom_in_the_sentence_yields_to_the_cause_in_the_log() -> None:
    crashed = CASES["azure_crash_loop"]["message"]
    log = CASES["module_missing"]["evidence"]
    assert diagnose(Failure(crashed, log)).cause == "module_missing"
    assert diagnose(Failure(crashed, "hello")).cause == "crash_loop"


def test_the_sentence_decides_before_an_older_line_of_the_log() -> None:
    log = "ModuleNotFoundError: No module named 'optional_thing'\nstarted without it"
    assert diagnose(Failure("init() raised ValueError: no such season", log)).cause == "init_raised"


@pytest.mark.parametrize(
    "name", ["score_refused", "score_slow", "score_cut", "score_dns", "score_tls_unknown_ca"]
)
def test_the_scripts_own_connections_are_not_those_to_the_endpoint(name: str) -> None:
    case = CASES[name]
    log = f"{case['message']}\n{case['evidence']}"
    crashed = "The scoring process ended 3 times within a minute."
    assert diagnose(Failure(crashed, log, "deployment.failed")).cause == "crash_loop"


@pytest.mark.parametrize("name", ["score_refused", "score_cut"])
def test_a_workspace_that_is_away_has_no_endpoint_to_look_at(name: str) -> None:
    failure = Failure("The workspace can't be reached.", CASES[name]["evidence"], "workspace.unavailable")
    assert diagnose(failure).cause == "workspace_unreachable"


def test_details_fill_the_sentence() -> None:
    assert read(CASES["module_missing"]).details == {"module": "pandas"}
    assert read(CASES["build_no_package"]).details == {"package": "no-such-package-of-yosoku"}
    assert read(CASES["init_raised"]).details == {"exception": "ValueError"}
    assert read(CASES["score_502"]).details == {"status": "502"}


@pytest.mark.parametrize("said", ["", "None", " \n none\n", "null", "{}"])
def test_an_error_that_says_nothing_is_told_so(said: str) -> None:
    diagnosis = diagnose(Failure(said, said))
    assert (diagnosis.cause, diagnosis.lines, diagnosis.action) == (NO_REASON, (), "log")


VOCABULARY = (
    "memory module model port quota healthy certificate token timeout connection refused restarted pickle "
    "version 502 401 exceeded loaded missing file error warning container python started request numpy"
)
WORDS = VOCABULARY.split()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join), min_size=1))
def test_lines_that_only_sound_like_a_failure_stay_unknown(lines: list[str]) -> None:
    diagnosis = diagnose(Failure("something went wrong", "\n".join(lines), "deployment.failed"))
    assert diagnosis.cause == UNKNOWN
    assert diagnosis.lines == tuple(lines[-3:])


@settings(max_examples=300, deadline=None)
@given(st.text(), st.text())
def test_any_text_is_read_and_none_is_guessed(message: str, evidence: str) -> None:
    diagnosis = diagnose(Failure(message, evidence))
    assert diagnosis.cause in (UNKNOWN, NO_REASON)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(CASES)), st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
def test_words_before_the_evidence_change_nothing(name: str, noise: str) -> None:
    case = CASES[name]
    if case["cause"] != NO_REASON:
        assert read({**case, "evidence": f"{noise}\n{case['evidence']}"}).cause == case["cause"]


def test_a_secret_in_the_evidence_is_not_shown() -> None:
    secret = "a1b2c3d4" * 8
    log = f"Failed to retrieve from http://127.0.0.1/MSI/{secret}/token\nAuthorization: Bearer {secret}"
    shown = "\n".join(diagnose(Failure("it failed", log)).lines)
    assert "Failed to retrieve" in shown
    assert secret not in shown


def test_the_text_of_an_errors_cause_is_read_too() -> None:
    with pytest.raises(EndpointUnavailable) as raised:
        EndpointClient("http://no-such-endpoint.invalid/score").score({"data": [3]})
    diagnosis = diagnose(failure_of_error(raised.value))
    assert diagnosis.cause == "dns"


def test_every_action_is_used_or_the_unknowns() -> None:
    assert {rule.action for rule in rules()} | {"read"} == set(get_args(Action))
