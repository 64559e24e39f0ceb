"""Deployments that must fail, and how a person learns why, through the real SDK."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from backend.local.client import RunningWorkspace
from backend.local.state import folder_of
from tests.local.conftest import ENVIRONMENT, SCORE, Sdk, SdkError
from tests.local.polling import until


def failed(sdk: Sdk, service: str, model: str, source: str, environment: str = "scoring.yml") -> str:
    """Deploy, expect a failure, give its message."""
    with pytest.raises(SdkError) as raised:
        sdk("deploy", service=service, models=[model], source=source, environment_path=environment)
    assert raised.value.kind == "WebserviceException"
    assert "Failed" in raised.value.message
    return raised.value.message


@pytest.mark.parametrize(
    ("service", "text", "said"),
    [
        ("init-raises", "def init():\n    raise ValueError('no such season')\n", "no such season"),
        ("syntax-error", "def init(:\n    pass\n", "SyntaxError"),
        (
            "missing-file",
            "def init():\n    open('/nowhere/model.bin')\n\n\ndef run(data):\n    return data\n",
            "/nowhere/model.bin",
        ),
        ("missing-package", "import pandas\n\n\ndef init():\n    pass\n", "No module named 'pandas'"),
    ],
    ids=["init-raises", "syntax-error", "missing-file", "missing-package"],
)
def test_broken_script_fails_with_its_traceback(
    sdk: Sdk, base_model: str, script: Callable[[str], str], service: str, text: str, said: str
) -> None:
    if service == "syntax-error":
        # the SDK itself reads the entry script, so the fault is in a module that it imports
        source = script("import broken\n\n\ndef init():\n    pass\n\n\ndef run(data):\n    return data\n")
        (sdk.folder / source / "broken.py").write_text(text)
    else:
        source = script(text if "def run" in text else f"{text}\n\ndef run(data):\n    return data\n")

    message = failed(sdk, service, base_model, source)

    assert said in message
    assert "get_logs()" in message
    assert said in sdk("logs", service=service)
    assert "Traceback" in sdk("logs", service=service)
    facts = sdk("service", name=service)
    assert facts["state"] == "Failed"
    assert facts["error"]["code"] == "AciDeploymentFailed"
    assert facts["scoring_uri"] is None
    with pytest.raises(SdkError, match="scoring_uri unavailable"):
        sdk("run", service=service)
    sdk("delete", service=service)


def test_unbuildable_environment_fails_with_the_resolvers_sentence(
    sdk: Sdk, base_model: str, work: Path
) -> None:
    text = ENVIRONMENT.format(version="3.11") + "    - no-such-package-of-yosoku==1.2.3\n"
    (work / "unbuildable.yml").write_text(text)

    message = failed(sdk, "unbuildable", base_model, "src", "unbuildable.yml")

    assert "no-such-package-of-yosoku" in message
    assert "More information can be found here: http://127.0.0.1" in message
    address = message.partition("found here: ")[2].split()[0]
    log = httpx.get(address)
    assert log.status_code == 200
    assert "no-such-package-of-yosoku" in log.text
    assert httpx.get(address.partition("?")[0]).status_code == 403
    assert "no-such-package-of-yosoku" in sdk("logs", service="unbuildable")
    sdk("delete", service="unbuildable")


def test_failed_update_leaves_the_old_revision_serving(
    sdk: Sdk, base_model: str, script: Callable[[str], str]
) -> None:
    before = sdk("deploy", service="kept", models=[base_model], source="src", environment_path="scoring.yml")
    source = script(SCORE.replace("    global base\n", "    raise RuntimeError('new is broken')\n"))

    with pytest.raises(SdkError, match="new is broken"):
        sdk(
            "update_content",
            service="kept",
            models=[base_model],
            source=source,
            environment_path="scoring.yml",
        )

    after = sdk("service", name="kept")
    assert after["state"] == "Healthy"
    assert {**after, "state_at_once": None} == {**before, "state_at_once": None}
    assert sdk("run", service="kept") == {"result": [43]}
    assert "new is broken" in sdk("logs", service="kept")

    with pytest.raises(SdkError, match="new is broken"):
        sdk("deploy", service="kept", models=[base_model], source=source, environment_path="scoring.yml")
    assert sdk("run", service="kept") == {"result": [43]}
    sdk("delete", service="kept")


def test_killed_scoring_process_comes_back_at_the_same_address(
    sdk: Sdk, adder: str, running: RunningWorkspace
) -> None:
    key, uri = sdk("keys", service=adder)[0], sdk("service", name=adder)["scoring_uri"]

    def answers() -> bool:
        answer = httpx.post(uri, json={"data": [3]}, headers={"Authorization": f"Bearer {key}"})
        return answer.status_code == 200

    leader = scoring_process(running, adder)
    for process in [*leader.children(recursive=True), leader]:
        process.kill()

    until(lambda: not leader.is_running() or leader.status() == psutil.STATUS_ZOMBIE)
    until(lambda: scoring_process(running, adder).pid != leader.pid)
    until(answers)
    until(lambda: sdk("service", name=adder)["state"] == "Healthy")
    assert sdk("keys", service=adder)[0] == key
    assert sdk("service", name=adder)["scoring_uri"] == uri


def scoring_process(running: RunningWorkspace, service: str) -> psutil.Process:
    """The process of a service, by what the workspace says of itself."""
    from backend.local.client import service_states

    state_dir = running.config_file.parent.parent

    def found() -> psutil.Process | None:
        views = service_states(state_dir)["services"]
        process = next(view["process"] for view in views if view["name"] == service)
        return psutil.Process(process["pid"]) if process and process["pid"] else None

    return until(found)


def test_fault_switches(sdk: Sdk, base_model: str, state_dir: Path) -> None:
    faults = folder_of(state_dir).faults
    options = {"models": [base_model], "source": "src", "environment_path": "scoring.yml", "overwrite": False}
    try:
        faults.write_text(json.dumps({"quota_cores": 0.6}))
        with pytest.raises(SdkError, match="container group quota 'StandardCores' exceeded"):
            sdk("deploy", service="faulty", cpu_cores=4, **options)

        faults.write_text(json.dumps({"entry": "failing_init"}))
        with pytest.raises(SdkError, match="fault switch failing_init"):
            sdk("deploy", service="faulty", **options)
        sdk("delete", service="faulty")

        faults.write_text(json.dumps({"slow_build": 60}))
        sdk("deploy", service="faulty", wait=False, **options)
        assert sdk("service", name="faulty")["state"] == "Transitioning"
        with pytest.raises(SdkError, match="is being deployed"):
            sdk("deploy", service="faulty", wait=False, **{**options, "overwrite": True})
        sdk("delete", service="faulty")
    finally:
        faults.unlink()
