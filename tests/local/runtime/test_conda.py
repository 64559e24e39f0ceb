"""Conda specifications read as Python and PyPI requirements."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from backend.errors import InvalidEnvironment
from backend.local.conda import digest, pypi_requirement, requirements_of
from backend.local.conda_names import CONDA_ONLY, PYPI_NAMES, SERVER
from tests.local.runtime.conftest import definition

COURSE = definition(
    "python=3.8.5",
    {
        "pip": [
            "azureml-defaults",
            "statsmodels==0.12.2",
            "scipy",
            "scikit-learn",
            "joblib",
            "numpy",
            "pandas==1.1.4",
            "matplotlib",
            "seaborn",
        ]
    },
)


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy 1.26.4", "numpy==1.26.4"),
        ("numpy>=1.2,<2", "numpy>=1.2,<2"),
        ("numpy >=1.2, <2", "numpy>=1.2,<2"),
        ("numpy=1.26.0=py311_0", "numpy==1.26.0"),
        ("numpy 1.26.0 py311_0", "numpy==1.26.0"),
        ("numpy!=1.25", "numpy!=1.25"),
        ("numpy~=1.25", "numpy~=1.25"),
        ("numpy=*", "numpy"),
        ("numpy *", "numpy"),
        ("conda-forge::pandas=2.2", "pandas==2.2.*"),
        ("conda-forge/linux-64::pandas", "pandas"),
        ("pandas[version='>=2.1,<3']", "pandas>=2.1,<3"),
        ("pytorch=2.3", "torch==2.3.*"),
        ("Matplotlib-Base", "matplotlib"),
        ("python=3.8.5", "python==3.8.5.*"),
    ],
)
def test_match_specifications(spec: str, requirement: str) -> None:
    assert pypi_requirement(spec)[1] == requirement


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        ("numpy=1.26.0=py311_0", "the build string py311_0 has no meaning on PyPI and was dropped"),
        (
            "pandas[version='2.2', build='py311*']",
            "the build string py311* has no meaning on PyPI and was dropped",
        ),
        ("pytorch", "pytorch is torch on PyPI"),
        ("numpy=1.26", ""),
    ],
)
def test_what_is_changed_is_said(spec: str, note: str) -> None:
    assert pypi_requirement(spec)[2] == note


@given(
    st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), st.lists(st.integers(0, 99), min_size=1, max_size=3)
)
def test_a_fuzzy_version_matches_what_begins_with_it(name: str, parts: list[int]) -> None:
    version = ".".join(map(str, parts))
    requirement = Requirement(pypi_requirement(f"{name}={version}")[1])
    assert requirement.specifier.contains(version)
    assert requirement.specifier.contains(f"{version}.7")
    assert not requirement.specifier.contains(f"{parts[0] + 1}.{version}")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_our_error(text: str) -> None:
    with contextlib.suppress(InvalidEnvironment):
        assert requirements_of(definition(text, {"pip": [text]})).packages


def test_the_course_s_specification() -> None:
    read = requirements_of(COURSE)
    assert read.python == "==3.8.5.*"
    assert read.packages[0] == "azureml-defaults"
    assert "pandas==1.1.4" in read.packages
    assert SERVER not in read.packages
    assert read.notes == ()


def test_conda_s_own_packages_are_left_out() -> None:
    read = requirements_of(definition("python=3.11", "mkl", "cudatoolkit=11.3", "pip=23", "numpy"))
    assert read.ignored == ("mkl", "cudatoolkit", "pip")
    assert read.packages == ("numpy", SERVER)
    assert read.notes == (f"{SERVER} was added: the list has no inference server",)


def test_no_mapped_name_is_left_out() -> None:
    assert not CONDA_ONLY & set(PYPI_NAMES)


def test_pip_options_and_addresses_are_passed_on() -> None:
    lines = [
        "--extra-index-url https://example.org/simple",
        "numpy # why",
        "",
        "git+https://example.org/x.git",
    ]
    read = requirements_of(definition({"pip": lines}))
    assert read.packages[:3] == (lines[0], "numpy", lines[3])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("numpy=1.2|1.3", "alternatives"),
        ("numpy=1.2.x;y", "can't be read"),
        ("=1.2", "not a conda package"),
        ({"pip": ["-r requirements.txt"]}, "needs files"),
        ({"pip": ["-e ."]}, "needs files"),
        ({"pip": ["numpy=1.2"]}, "'numpy=1.2' is not a pip requirement"),
        ({"pip": [3]}, "not a text"),
        ({"pip": "numpy"}, "must be a list"),
        ({"npm": ["left-pad"]}, "neither a package nor a pip section"),
        (3, "neither a package nor a pip section"),
    ],
)
def test_what_can_not_be_used_is_named(entry: object, words: str) -> None:
    with pytest.raises(InvalidEnvironment, match=r"conda specification") as caught:
        requirements_of(definition(entry))
    assert words in caught.value.message


def test_a_base_image_s_packages_are_refused() -> None:
    with pytest.raises(InvalidEnvironment, match="base image"):
        requirements_of({"name": "curated", "python": {"userManagedDependencies": True}})


def test_an_environment_without_a_python_section_gets_the_server() -> None:
    assert requirements_of({"name": "empty"}).packages == (SERVER,)


def test_the_digest_is_of_the_content() -> None:
    base = definition("python=3.11", "numpy", "scipy")
    assert digest(base) == digest(
        {**definition("python=3.11", "scipy", "numpy"), "name": "other", "version": "7"}
    )
    assert digest(base) == digest({**base, "environmentVariables": {"A": "1"}})
    assert digest(base) != digest(definition("python=3.12", "numpy", "scipy"))
    assert digest(base) != digest(definition("python=3.11", "numpy<3", "scipy"))
