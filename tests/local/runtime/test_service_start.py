"""A service starts, or fails with a sentence and its evidence; nothing is left behind."""

from __future__ import annotations

import asyncio
import socket

import pytest

from backend.local.processes import group_members
from backend.local.supervisor import ServiceSpecification, ServiceStartFailed, Tolerances
from tests.local.runtime.conftest import Specify, supervisor
from tests.local.runtime.http import listening, request

SCRIPT_SEES = """
import json, os, sys
from azure.monitor.opentelemetry import exporter
def init():
    pass
def run(raw):
    names = ["GREETING", "SERVICE_NAME", "OMP_NUM_THREADS", "AZUREML_MODEL_DIR", "YOSOKU_SECRET"]
    seen = {name: os.environ.get(name) for name in names}
    seen["cores"] = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    seen["workspace code"] = any(path.endswith("backend/local") for path in sys.path)
    seen["exporter"] = exporter.AzureMonitorLogExporter.__name__
    return seen
"""


def test_it_is_healthy_on_loopback_only_and_leaves_nothing(specify: Specify) -> None:
    specification = specify()

    async def scenario() -> None:
        async with supervisor() as running:
            status = await running.start(specification)
            assert status.state == "Healthy"
            assert status.pid is not None
            assert status.port is not None
            assert listening(status.pid) == {("127.0.0.1", status.port)}
            answer = await request(status.port)
            assert (answer.status, answer.json()) == (200, {"result": [1, 2]})
            await running.stop("demand", "r1")
            assert running.status("demand", "r1") is None
            assert not group_members(status.pid)
            with socket.create_server(("127.0.0.1", status.port)):
                pass

    asyncio.run(scenario())
    log = specification.log.read_text()
    assert "init ran" in log
    assert "ontrol socket" not in log
    assert not (specification.folder / "process.json").exists()


def test_the_script_sees_its_own_variables_and_none_of_ours(
    specify: Specify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOSOKU_SECRET", "of the app")
    variables = {"GREETING": "hello", "SERVICE_NAME": "other"}
    specification = specify(SCRIPT_SEES, variables=variables, cpu_cores=0.5)

    async def scenario() -> object:
        async with supervisor() as running:
            status = await running.start(specification)
            return (await request(status.port or 0)).json()

    assert asyncio.run(scenario()) == {
        "GREETING": "hello",
        "SERVICE_NAME": "demand",
        "OMP_NUM_THREADS": "1",
        "AZUREML_MODEL_DIR": str(specification.model_dir),
        "YOSOKU_SECRET": None,
        "cores": 1,
        "workspace code": False,
        "exporter": "AzureMonitorLogExporter",
    }


FAILURES = {
    "a module is missing": (
        "import no_such_module\ndef init(): pass\ndef run(raw): pass",
        "script_error",
        "Importing the scoring script raised ModuleNotFoundError: No module named 'no_such_module'",
    ),
    "init() raises": (
        "def init():\n    raise ValueError('wrong order')\ndef run(raw): pass",
        "init_raised",
        "init() raised ValueError: wrong order",
    ),
    "the model file is missing": (
        "import os\ndef init():\n    open(os.path.join('models', 'arima.pkl'))\ndef run(raw): pass",
        "model_file_missing",
        "init() raised FileNotFoundError: [Errno 2] No such file or directory: 'models/arima.pkl'",
    ),
    "the script has a syntax error": (
        "def init(:\n    pass\n",
        "script_error",
        "The scoring script can't be read: SyntaxError: invalid syntax",
    ),
    "there is no run()": (
        "def init(): pass",
        "script_error",
        "does not have a run() function defined.",
    ),
    "init() is killed": (
        "import os\ndef init():\n    os.kill(os.getpid(), 9)\ndef run(raw): pass",
        "crash_loop",
        "The scoring process ended 3 times within a minute, the last time while it started.",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_start_that_fails_says_why(specify: Specify, case: str) -> None:
    script, code, sentence = FAILURES[case]
    failure = _failing(specify(script))
    assert failure.code == code
    assert sentence in failure.message
    assert failure.evidence


def test_the_evidence_is_the_traceback_of_the_script(specify: Specify) -> None:
    failure = _failing(specify("def init():\n    data = {}\n    data['order']\ndef run(raw): pass"))
    assert failure.message == "init() raised KeyError: 'order'"
    assert failure.evidence.startswith("Traceback (most recent call last):")
    assert "data['order']" in failure.evidence
    assert failure.evidence.rstrip().endswith("KeyError: 'order'")


def test_a_hanging_init_ends_and_says_where(specify: Specify) -> None:
    script = "import threading\ndef init():\n    threading.Event().wait()\ndef run(raw): pass"
    failure = _failing(specify(script), Tolerances(init_timeout=3))
    assert failure.code == "init_timeout"
    assert failure.message == "init() did not finish within 3 s."
    assert 'score.py", line 3 in init' in failure.evidence


def test_memory_exceeded_in_init_is_named(specify: Specify) -> None:
    script = (
        "import threading\ndef init():\n    global kept\n    kept = bytearray(b'x') * 160_000_000\n"
        "    threading.Event().wait()\ndef run(raw): pass"
    )
    specification = specify(script, memory_gb=0.15)
    failure = _failing(specification)
    assert failure.code == "out_of_memory"
    assert failure.message.startswith("Scoring process exceeded memory_gb=0.15 (")
    assert failure.message.endswith(" MB) during init().")
    assert specification.log.read_text().count("exceeded memory_gb=0.15") == 1


def test_a_cancelled_start_leaves_no_process(specify: Specify) -> None:
    script = (
        "import threading\ndef init():\n    print('started')\n    threading.Event().wait()\n"
        "def run(raw): pass"
    )
    specification = specify(script)

    async def scenario() -> int:
        async with supervisor() as running:
            start = asyncio.create_task(running.start(specification))
            async with asyncio.timeout(60):
                while "started" not in (specification.log.read_text() if specification.log.exists() else ""):
                    await asyncio.sleep(0.02)
            status = running.status("demand", "r1")
            start.cancel()
            await asyncio.wait({start})
            assert start.cancelled()
            assert status is not None
            assert status.pid is not None
            return status.pid

    assert not group_members(asyncio.run(scenario()))


def _failing(specification: ServiceSpecification, tolerances: Tolerances | None = None) -> ServiceStartFailed:
    """Start a service that must fail, and check that nothing of it is left."""

    async def scenario() -> ServiceStartFailed:
        async with supervisor(tolerances) as running:
            with pytest.raises(ServiceStartFailed) as caught:
                await running.start(specification)
            assert running.status(*specification.key) is None
            return caught.value

    failure = asyncio.run(scenario())
    assert not (specification.folder / "process.json").exists()
    return failure
