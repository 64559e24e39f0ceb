"""What is told about a scoring script before anything is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import environments
from backend.script_checks import check_script, distribution, distributions_of, provided
from backend.scripts import bundled_script

WHOLE = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"


def specification(*pip: str, conda: tuple[str, ...] = ()) -> environments.EnvironmentSpecification:
    return environments.EnvironmentSpecification("own", "3.11", conda, pip, "")


def kinds(code: str, *pip: str) -> list[tuple[str, str, int]]:
    return [(one.kind, one.name, one.line) for one in check_script(code, specification(*pip))]


def test_a_script_that_keeps_the_contract_has_no_findings() -> None:
    assert kinds(WHOLE) == []


def test_a_syntax_error_is_told_with_its_line_and_alone() -> None:
    assert kinds("import numpy\ndef init(:\n") == [("syntax", "", 2)]


@pytest.mark.parametrize("missing", ["init", "run"])
def test_a_missing_function_is_named(missing: str) -> None:
    code = WHOLE.replace(f"def {missing}(", f"def other_{missing}(")
    assert kinds(code) == [("no_function", missing, 0)]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (WHOLE.replace("init()", "init(model)"), [("arguments", "init", 1)]),
        (WHOLE.replace("init()", "init(model=None)"), []),
        (WHOLE.replace("run(data)", "run()"), [("arguments", "run", 5)]),
        (WHOLE.replace("run(data)", "run(data, context)"), [("arguments", "run", 5)]),
        (WHOLE.replace("run(data)", "run(*data)"), []),
        (WHOLE.replace("def run(data)", "@input_schema('data')\ndef run(data, more)"), []),
        ("from team_code import init, run\n", [("not_in_environment", "team_code", 1)]),
        ("def init():\n    pass\n\n\nrun = print\n", []),
    ],
)
def test_functions_take_what_the_server_gives_them(code: str, found: list[tuple[str, str, int]]) -> None:
    assert kinds(code) == found


@pytest.mark.parametrize(
    ("line", "pip", "missing"),
    [
        ("import json, os.path", (), None),
        ("import numpy as np", ("numpy==2.1",), None),
        ("import numpy as np", ("pandas>=2",), None),  # pandas brings it
        ("import joblib", ("numpy",), "joblib"),
        ("from sklearn.linear_model import Ridge", ("scikit-learn~=1.5",), None),
        ("from sklearn.linear_model import Ridge", ("scikit_learn",), None),
        ("from sklearn.linear_model import Ridge", ("sklearn-crfsuite",), "sklearn"),
        ("import yaml", ("PyYAML",), None),
        ("from azureml.core import Model", ("azureml-core",), None),
        ("from azureml.core import Model", ("azureml-defaults",), None),
        ("import team_package", ("team-package",), None),
        ("import prophet", ("statsmodels",), "prophet"),
        ("from . import beside", (), None),
        ("try:\n    import orjson\nexcept ImportError:\n    orjson = None", (), None),
    ],
)
def test_imports_are_held_against_the_environment(
    line: str, pip: tuple[str, ...], missing: str | None
) -> None:
    expected = [("not_in_environment", missing, 1)] if missing else []
    assert kinds(f"{line}\n{WHOLE}", *pip) == expected


def test_conda_packages_count_under_their_name_on_pypi() -> None:
    found = specification(conda=("conda-forge::pytorch=2.4", "matplotlib-base"))
    assert provided(found, {}) == {"torch", "matplotlib"}
    assert check_script(f"import torch\nimport matplotlib\n{WHOLE}", found) == ()


def test_modules_that_come_with_the_script_are_there() -> None:
    code = f"from forecaster import load\n{WHOLE}"
    assert check_script(code, specification(), frozenset({"forecaster"})) == ()


def test_our_own_script_fits_every_environment_that_ships_for_it() -> None:
    script = bundled_script()
    own = frozenset(name.partition(".")[0].partition("/")[0] for name in script.files)
    ours = next(
        one
        for one in environments.bundled()
        if one.text == environments.read(environments.ENVS / environments.OURS).text
    )
    assert check_script(script.code, ours, own) == ()


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("numpy=2.1.*", "numpy"),
        ("conda-forge::lightgbm >=4", "lightgbm"),
        ("uvicorn[standard]>=0.30", "uvicorn"),
        ("ruamel.yaml", "ruamel-yaml"),
        ("team @ https://example.com/team.whl", "team"),
        ("--extra-index-url https://example.com", ""),
        ("https://example.com/team.whl", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_requirement(requirement: str, name: str) -> None:
    assert distribution(requirement) == name


@given(st.text())
def test_any_text_is_judged_without_an_exception(code: str) -> None:
    for one in check_script(code, specification("numpy")):
        assert one.line >= 0
        assert one.kind in ("syntax", "no_function", "not_in_environment", "arguments")


@given(st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True))
def test_a_module_may_always_come_from_a_distribution_of_its_name(module: str) -> None:
    assert distribution(module.replace("_", "-")) in distributions_of(module, {}) or module in ("",)
