"""What can be known before a deployment, each check by itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import environments
from backend.model_contents import ModelContents, runs_code
from backend.models import RegisteredModel
from backend.preflight import (
    Quota,
    asked_for,
    check_code,
    check_files,
    check_name,
    check_quota,
    check_region,
    check_size,
    check_versions,
    differences,
)
from backend.services import Endpoint
from backend.workspace import WorkspaceFacts

DEMAND = Endpoint("demand", "Healthy", cpu_cores=1.5)
OTHER = Endpoint("other", "Healthy", cpu_cores=2.0)


def specification(*lines: str) -> environments.EnvironmentSpecification:
    listed = "".join(f"      - '{line}'\n" for line in lines)
    pip = f"  - pip:\n{listed}" if lines else ""
    return environments.parse(f"name: test\ndependencies:\n  - python=3.11\n  - scipy=1.14\n{pip}")


def model(packages: object = None) -> RegisteredModel:
    told = packages if isinstance(packages, str) else json.dumps(packages)
    return RegisteredModel("demand", 1, properties={} if packages is None else {"packages": told})


@pytest.mark.parametrize(
    ("name", "replace", "state", "saying"),
    [
        ("new-name", False, "passed", "free"),
        ("demand", False, "failed", "taken"),
        ("demand", True, "passed", "replaced"),
        ("2Fast", False, "failed", "invalid"),
    ],
)
def test_the_name(name: str, replace: bool, state: str, saying: str) -> None:
    check = check_name(name, [DEMAND], replace=replace)
    assert (check.state, check.saying) == (state, saying)


def test_a_size_with_which_the_platforms_containers_fit_no_more() -> None:
    assert check_size(1.0, 1.0).state == "passed"
    check = check_size(4.0, 16.0)
    assert check.state == "warning"
    assert check.details == {"cores": "4.2", "memory": "17", "most_cores": "3.8", "most_memory": "15"}


def test_the_quota_counts_the_others() -> None:
    both = [DEMAND, OTHER]
    check = check_quota(1.0, "third", both, Quota(4.0), overhead=False)
    assert check.state == "failed"
    assert (check.details["used"], check.details["limit"]) == ("3.5", "4")
    assert check_quota(0.5, "third", both, Quota(4.0), overhead=False).state == "passed"
    assert check_quota(2.0, "demand", both, Quota(4.0), overhead=False).state == "passed", "it is replaced"
    assert check_quota(0.5, "third", both, Quota(4.0), overhead=True).state == "failed"


def test_a_quota_that_nobody_knows_is_no_verdict() -> None:
    check = check_quota(1.0, "third", [DEMAND], Quota(None, is_known=False), overhead=True)
    assert (check.state, check.details["used"], check.details["wanted"]) == ("unknown", "1.7", "1.2")
    assert check_quota(1.0, "third", [], Quota(None), overhead=False).saying == "unbounded"


def test_the_region() -> None:
    azure = WorkspaceFacts("azure", "w", "g", "s", "japaneast")
    assert check_region(azure, "").saying == "same"
    assert check_region(azure, "JapanEast").saying == "same"
    assert check_region(azure, "westeurope").state == "warning"
    assert check_region(WorkspaceFacts("local", "w", "g", "s", "local"), "").saying == "local"


def test_files_and_the_code_in_them() -> None:
    ours = ModelContents(("models/demand.npz", "models/metadata.json"), ())
    assert check_files(ours).state == "passed"
    assert check_code(ours).state == "passed"
    assert check_files(ModelContents((), ())).state == "failed"
    pickled = check_code(ModelContents(("model.pkl",), ("model.pkl",)))
    assert (pickled.state, pickled.details["files"]) == ("warning", "model.pkl")


@pytest.mark.parametrize("name", ["model.pkl", "deep/MODEL.Joblib", "net.pt"])
def test_a_pickle_is_known_by_its_name(name: str) -> None:
    assert runs_code(name, b"")


@given(st.integers(2, 5), st.binary(max_size=14))
def test_a_pickle_is_known_by_its_first_bytes(protocol: int, rest: bytes) -> None:
    assert runs_code("model.dat", bytes([0x80, protocol]) + rest)


@pytest.mark.parametrize("head", [b"", b'{"format"', b"PK\x03\x04", b"\x93NUMPY"])
def test_data_is_no_code(head: bytes) -> None:
    assert not runs_code("models/model.npz", head)


def test_versions_that_the_environment_allows() -> None:
    made_with = {"python": "3.11.7", "numpy": "2.3.5", "Scipy": "1.14.2", "pandas": "2.2.0"}
    check = check_versions(model(made_with), specification("numpy>=2.2,<3"))
    assert check.state == "passed"
    assert check.details["packages"] == "numpy, python, scipy"


@pytest.mark.parametrize(
    ("line", "made_with", "differs"),
    [
        ("numpy==1.26.4", "2.3.5", True),
        ("numpy==2.3.1", "2.3.5", False),
        ("numpy<2", "2.3.5", True),
        ("numpy==2.*", "2.3.5", False),
        ("numpy", "2.3.5", False),
        ("numpy==1.26.4", "of the house", False),
    ],
)
def test_versions_that_differ(line: str, made_with: str, differs: bool) -> None:
    assert bool(differences({"numpy": made_with}, asked_for(specification(line)))) is differs


def test_another_python_is_a_difference() -> None:
    check = check_versions(model({"python": "3.8.18"}), specification())
    assert check.state == "warning"
    assert check.details["packages"] == "python 3.8.18 → ==3.11.*"


def test_what_a_rehearsal_installed_is_compared_where_it_is_known() -> None:
    ours = specification("numpy>=1.26")
    made_with = model({"numpy": "1.26.4"})
    assert check_versions(made_with, ours).saying == "same"
    check = check_versions(made_with, ours, {"numpy": "2.3.5"})
    assert (check.state, check.details["packages"]) == ("warning", "numpy 1.26.4 → ==2.3.5")
    assert check_versions(made_with, ours, {"NumPy": "1.26.2"}).saying == "installed"


@pytest.mark.parametrize("told", [None, "no json", "[1]", {}])
def test_a_model_that_does_not_tell_its_versions(told: object) -> None:
    assert check_versions(model(told), specification("numpy")).saying == "not_recorded"


def test_packages_that_the_environment_does_not_name() -> None:
    assert check_versions(model({"torch": "2.1"}), specification("numpy")).saying == "not_shared"


def test_what_the_bundled_environments_ask_for() -> None:
    for environment in environments.bundled():
        assert "python" in asked_for(environment), environment.name
    assert asked_for(environments.bundled()[0])["numpy"] == "<3,>=2.2"


@given(st.lists(st.text(max_size=30), max_size=4), st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_no_line_and_no_version_breaks_the_comparison(lines: list[str], made_with: dict[str, str]) -> None:
    written = environments.EnvironmentSpecification("test", "=3.11", (), tuple(lines), "")
    assert len(differences(made_with, asked_for(written))) <= len(made_with)
