"""Web services through the real SDK: deploy, read, list, run, keys, logs, update, overwrite, delete."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from backend.local.client import RunningWorkspace
from tests.local.conftest import SCORE, Sdk, SdkError

MINUS = SCORE.replace("base + number", "base - number")


@pytest.fixture(scope="module")
def changing(sdk: Sdk, base_model: str) -> str:
    """A Healthy service that the tests change."""
    sdk("deploy", service="changing", models=[base_model], source="src", environment_path="scoring.yml")
    return "changing"


def test_deployed_service_answers(sdk: Sdk, adder: str, base_model: str) -> None:
    facts = sdk("service", name=adder)

    assert facts["state"] == "Healthy"
    assert facts["scoring_uri"].endswith("/scoring/adder/score")
    assert facts["models"] == [base_model]
    assert (facts["cpu"], facts["memory"]) == (0.5, 0.5)
    assert facts["environment"] == "scoring"
    assert facts["auth"] is True
    assert sdk("run", service=adder) == {"result": [43]}


def test_deployment_is_transitioning_first_and_reports_its_progress(sdk: Sdk, base_model: str) -> None:
    deployed = sdk(
        "deploy", service="reported", models=[base_model], source="src", environment_path="scoring.yml"
    )

    assert deployed["state_at_once"] == "Transitioning"
    assert deployed["state"] == "Healthy"
    assert deployed["auth"] is False
    assert 'operation "Succeeded"' in sdk.printed
    progress = sdk("logs", service="reported", init=True).splitlines()
    expected = (
        "Creating Container Registry if not exists.",
        "Registering the environment.",
        "Use the existing image.",
        "Generating deployment configuration.",
        "Submitting deployment to compute.",
        "Checking the status of deployment reported..",
        "Checking the status of inference endpoint reported.",
    )
    assert [line for line in progress if line in expected] == list(expected)
    assert sdk("environments")["scoring"] == "1"
    sdk("delete", service="reported")


def test_list_filters(sdk: Sdk, adder: str, base_model: str) -> None:
    sdk("change_tags", service=adder, tags={"team": "forecast"}, properties={"cost": "7"})

    assert adder in sdk("services")
    assert adder in sdk("services", compute_type="ACI")
    assert sdk("services", compute_type="AKS") == []
    assert sdk("services", tags=[["team", "forecast"]]) == [adder]
    assert sdk("services", properties=["cost"]) == [adder]
    assert adder in sdk("services", model_id=base_model)
    assert adder in sdk("services", model_name="base")
    assert sdk("services", model_name="nobody") == []


def test_logs_have_the_tail_that_was_asked_for(sdk: Sdk, adder: str) -> None:
    sdk("run", service=adder)

    assert "POST /score 200" in sdk("logs", service=adder)
    assert len(sdk("logs", service=adder, lines=3).splitlines()) == 3


def test_keys_open_the_endpoint_and_can_be_regenerated(sdk: Sdk, adder: str, wire: httpx.Client) -> None:
    uri = sdk("service", name=adder)["scoring_uri"]

    def status(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.post(uri, json={"data": [1]}, headers=headers).status_code

    primary, secondary = sdk("keys", service=adder)
    assert (status(primary), status(secondary), status("wrong")) == (200, 200, 401)

    changed = sdk("regenerate", service=adder, which="Secondary")
    assert changed[0] == primary
    assert (status(primary), status(secondary), status(changed[1])) == (200, 401, 200)
    chosen = {"keyType": "Primary", "keyValue": "chosen-by-the-user"}
    assert wire.post(f"services/{adder}/regenerateKeys", json=chosen).status_code == 202
    assert (status(primary), status("chosen-by-the-user")) == (401, 200)


def test_swagger_is_served(sdk: Sdk, adder: str) -> None:
    facts = sdk("service", name=adder)
    key = sdk("keys", service=adder)[0]

    answer = httpx.get(facts["swagger_uri"], headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 200
    assert "swagger" in answer.json() or "openapi" in answer.json()


def test_record_changes_without_another_deployment(sdk: Sdk, changing: str) -> None:
    logs = sdk("logs", service=changing)
    facts = sdk("update_record", service=changing, description="of tests", auth_enabled=True, tags={"a": "b"})

    assert facts["description"] == "of tests"
    assert facts["tags"] == {"a": "b"}
    assert facts["auth"] is True
    assert sdk("logs", service=changing) == logs
    assert sdk("run", service=changing) == {"result": [43]}


def test_script_and_model_are_replaced_without_a_gap(
    sdk: Sdk, changing: str, base_model: str, work: Path, script: Callable[[str], str]
) -> None:
    other = work / "other" / "models"
    other.mkdir(parents=True)
    (other / "base.txt").write_text("100")
    model_id = sdk("register", name="other", path="other/models")["id"]
    before = sdk("service", name=changing)

    after = sdk(
        "update_content",
        service=changing,
        models=[model_id],
        source=script(MINUS),
        environment_path="scoring.yml",
    )

    assert after["state"] == "Healthy"
    assert after["scoring_uri"] == before["scoring_uri"]
    assert after["models"] == [model_id]
    assert sdk("run", service=changing) == {"result": [97]}
    assert changing not in sdk("services", model_id=base_model)


def test_overwrite_keeps_address_and_keys(sdk: Sdk, changing: str, base_model: str) -> None:
    keys, before = sdk("keys", service=changing), sdk("service", name=changing)

    after = sdk(
        "deploy",
        service=changing,
        models=[base_model],
        source="src",
        environment_path="scoring.yml",
        cpu_cores=1,
        memory_gb=1,
        auth_enabled=True,
    )

    assert sdk("keys", service=changing) == keys
    assert after["scoring_uri"] == before["scoring_uri"]
    assert (after["cpu"], after["memory"]) == (1, 1)
    assert sdk("run", service=changing) == {"result": [43]}


def test_name_that_is_taken_is_refused_before_anything_is_done(sdk: Sdk, adder: str, base_model: str) -> None:
    with pytest.raises(SdkError) as refused:
        sdk(
            "deploy",
            service=adder,
            models=[base_model],
            source="src",
            environment_path="scoring.yml",
            overwrite=False,
        )

    assert "Web service 'adder' already exists." in refused.value.message
    assert sdk("service", name=adder)["state"] == "Healthy"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("cpu_cores", 64, "cpu_cores must be a number from 0.1 to 4"), ("memory_gb", 999, "memory_gb must be")],
)
def test_size_out_of_bounds_is_named(sdk: Sdk, base_model: str, option: str, value: float, said: str) -> None:
    with pytest.raises(SdkError, match=said):
        sdk(
            "deploy",
            service="too-big",
            models=[base_model],
            source="src",
            environment_path="scoring.yml",
            **{option: value},
        )
    assert "too-big" not in sdk("services")


def test_deployment_without_a_script_is_refused_clearly(sdk: Sdk, work: Path) -> None:
    model_id = sdk(
        "register",
        name="no-code",
        path="outputs/models",
        model_framework="ScikitLearn",
        model_framework_version="1.0",
    )["id"]

    with pytest.raises(SdkError, match="pass an entry script and an environment"):
        sdk("deploy_without_configuration", service="no-code", model_id=model_id)


def test_several_models_are_below_one_folder(sdk: Sdk, base_model: str, script: Callable[[str], str]) -> None:
    several = SCORE.replace('"models", "base.txt"', '"base", "1", "models", "base.txt"')
    other = sdk("register", name="second", path="outputs/models")["id"]
    models = [base_model, other]

    sdk("deploy", service="several", models=models, source=script(several), environment_path="scoring.yml")

    assert sdk("service", name="several")["models"] == models
    assert sdk("run", service="several") == {"result": [43]}
    sdk("delete", service="several")


def test_deleted_service_is_gone(sdk: Sdk, base_model: str, running: RunningWorkspace) -> None:
    facts = sdk(
        "deploy", service="short-lived", models=[base_model], source="src", environment_path="scoring.yml"
    )

    sdk("delete", service="short-lived")

    assert "short-lived" not in sdk("services")
    assert httpx.post(facts["scoring_uri"], json={"data": [1]}).status_code == 404
    assert not (running.config_file.parent / "services" / "short-lived").exists()
    with pytest.raises(SdkError, match="WebserviceNotFound"):
        sdk("service", name="short-lived")


def test_deleting_a_service_cancels_its_deployment(
    sdk: Sdk, base_model: str, script: Callable[[str], str]
) -> None:
    sleeping = SCORE.replace("    global base\n", "    global base\n    import time; time.sleep(60)\n")
    sdk(
        "deploy",
        service="cancelled",
        models=[base_model],
        source=script(sleeping),
        environment_path="scoring.yml",
        wait=False,
    )

    assert sdk("delete", service="cancelled") < 30
    assert "cancelled" not in sdk("services")


def test_tokens_are_not_for_these_services(sdk: Sdk, adder: str) -> None:
    with pytest.raises(SdkError):
        sdk("token", service=adder)
