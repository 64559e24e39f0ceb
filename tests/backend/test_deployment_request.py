"""What a deployment may ask for, checked before the SDK is called."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import environments
from backend.deployments import SERVICE_NAME, DeploymentRequest, check, check_service_name
from backend.errors import InvalidEnvironment, InvalidInput
from backend.scripts import bundled_script, script_from_upload

GOOD = DeploymentRequest(
    service_name="demand",
    model_name="arima",
    model_version=1,
    script=bundled_script(),
    environment=environments.parse("name: e\ndependencies: [python=3.11, {pip: [numpy]}]"),
    cpu_cores=1.0,
    memory_gb=1.0,
)


@pytest.mark.parametrize(("cpu", "memory"), [(0.1, 0.1), (4, 16), (0.5, 3)])
def test_the_bounds_themselves_are_fine(cpu: float, memory: float) -> None:
    assert check(dataclasses.replace(GOOD, cpu_cores=cpu, memory_gb=memory)) == ()


@pytest.mark.parametrize("value", [0, 0.09, -1, 4.01, math.nan, math.inf])
def test_cores_outside_their_bound_name_it(value: float) -> None:
    (problem,) = check(dataclasses.replace(GOOD, cpu_cores=value))
    assert (problem.field, problem.details["low"], problem.details["high"]) == ("cpu_cores", 0.1, 4.0)


def test_every_problem_is_told_at_once() -> None:
    problems = check(dataclasses.replace(GOOD, service_name="A", cpu_cores=9, memory_gb=0))
    assert [problem.field for problem in problems] == ["service_name", "cpu_cores", "memory_gb"]


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 33, "1demand", "demand-", "Demand", "de mand", "démand", "demand\n"]
)
def test_names_that_azure_refuses_are_refused(name: str) -> None:
    problem = check_service_name(name)
    assert problem is not None
    assert problem.field == "service_name"


@given(st.from_regex(SERVICE_NAME, fullmatch=True).filter(lambda name: 3 <= len(name) <= 32))
def test_names_that_azure_takes_are_taken(name: str) -> None:
    assert check_service_name(name) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("dependencies: [python]", "name"),
        ("name: e", "dependencies"),
        ("name: e\ndependencies: {pip: [x]}", "dependencies"),
        ("name: e\ndependencies: [{pip: x}]", "dependencies"),
        ("name: [", "environment"),
        ("- just\n- a list", "environment"),
        ("name: e\ndependencies: [" + "x," * 100_000 + "]", "environment"),
    ],
)
def test_a_wrong_conda_file_names_its_key(text: str, field: str) -> None:
    with pytest.raises(InvalidEnvironment) as caught:
        environments.parse(text)
    assert caught.value.field == field


def test_a_conda_file_is_told_apart() -> None:
    specification = environments.parse(
        "name: arima-env\nchannels: [anaconda]\n"
        "dependencies:\n- python=3.8.5\n- python-dateutil\n- pip:\n  - numpy\n"
    )
    assert specification.python == "=3.8.5"
    assert specification.conda == ("python-dateutil",)
    assert specification.pip == ("numpy",)


def test_the_bundled_environments_can_be_read() -> None:
    names = [item.name for item in environments.bundled()]
    assert names[0] == "yosoku-scoring"  # the one that our own script wants is offered first
    assert "arima-env" in names


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("score.txt", b"", "script.not_python"),
        ("score.py", b"def init(:", "script.syntax"),
        ("score.py", b"\x00", "script.syntax"),
        ("score.py", b"def init(): pass", "script.no_function"),
        ("score.py", b"#" * 1_000_001, "script.too_large"),
    ],
)
def test_a_script_that_cannot_score_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        script_from_upload(name, content)
    assert caught.value.code == code


def test_a_script_is_kept_as_it_was() -> None:
    content = b"def init():\n    pass\n\n\ndef run(raw):\n    return raw\n"
    assert script_from_upload("folder/score.py", content).files == {"score.py": content}
