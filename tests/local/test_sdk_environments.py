"""Environments through the real SDK: register, versions, labels, list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.conftest import Sdk, SdkError

SPECIFICATION = """name: {name}
dependencies:
  - python=3.11
  - pip:
    - azureml-inference-server-http==1.5.1
    - {package}
"""


@pytest.fixture
def specification(work: Path) -> str:
    path = work / "registered.yml"
    path.write_text(SPECIFICATION.format(name="registered", package="numpy"))
    return path.name


def test_same_definition_keeps_its_version_and_another_gets_the_next(
    sdk: Sdk, work: Path, specification: str
) -> None:
    first = sdk("register_environment", name="registered", path=specification)
    again = sdk("register_environment", name="registered", path=specification)
    (work / "other.yml").write_text(SPECIFICATION.format(name="registered", package="scipy"))
    other = sdk("register_environment", name="registered", path="other.yml")

    assert first["version"] == again["version"] == "1"
    assert other["version"] == "2"
    assert sdk("get_environment", name="registered")["packages"] == [
        "azureml-inference-server-http==1.5.1",
        "scipy",
    ]
    assert "numpy" in sdk("get_environment", name="registered", version="1")["packages"]
    assert sdk("get_environment", name="registered", label="latest")["version"] == "2"
    assert sdk("environments")["registered"] == "2"


def test_changed_environment_registers_as_a_new_version(sdk: Sdk, specification: str) -> None:
    sdk("register_environment", name="grown", path=specification, variables={"LEVEL": "3"})

    assert sdk("register_again", name="grown", package="pandas") == ["1", "2"]
    assert sdk("get_environment", name="grown", version="1")["variables"]["LEVEL"] == "3"
    assert "pandas" not in sdk("get_environment", name="grown", version="1")["packages"]


def test_unknown_environment_is_not_found(sdk: Sdk) -> None:
    with pytest.raises(SdkError, match="There is no environment 'nobody'"):
        sdk("get_environment", name="nobody")
