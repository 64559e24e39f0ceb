"""The extra for many series, in an environment of its own: statsforecast, hierarchicalforecast and Dask.

Slow: the environment is built once and kept, then `many_series_extra` measures there what is judged here.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.peer_environment import PeerUnavailable, environment_python
from scoring.forecaster import Forecaster
from scoring.model_file import MODEL_FILE_NAME, read_model
from tests.scoring.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

Measured = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("many-series")


@pytest.fixture(scope="module")
def measured(folder: Path) -> Measured:
    try:
        python = environment_python("many-series", ROOT / "requirements-many-series.txt")
    except PeerUnavailable as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [str(python), "-m", "tests.scoring.many_series_extra", str(folder)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_form_of_ets_is_served_as_statsforecast_fitted_it(measured: Measured) -> None:
    found = measured["smoothing"]
    assert [one["components"] for one in found.values()] == ["ANNN", "AANN", "MNNN", "MANN", "AAND", "MAND"]
    for name, one in found.items():
        assert one["fitted"] < 1e-12, name
        assert one["book"] < 1e-12, name
        # Damped trends are summed wrongly by statsforecast up to 2.1: by slope * (phi - phi ** step).
        assert min(one["statsforecast"], one["statsforecast as it was"]) < 1e-12, name
        assert one["statsforecast"] < 1e-12 or name.endswith("AdN"), name


def test_the_candidate_forecasts_what_statsforecast_does(measured: Measured) -> None:
    found = measured["mstl"]
    assert {one["components"] for one in found.values()} == {"ANNN", "AANN", "MANN", "AAND"}
    for name, one in found.items():
        assert one["first"] < 1e-8, name
        assert one["all"] < (1e-3 if one["components"] == "AAND" else 1e-8), name


def test_mint_is_chosen_where_sums_are_easier_and_its_weights_are_the_textbooks(measured: Measured) -> None:
    found = measured["mint"]
    errors = found["reconciliation"]["errors"]
    assert (found["reconciliation"]["method"], found["metric"]) == ("mint", "mint")
    assert errors["mint"] < 0.7 * errors["bottom-up"]
    assert found["errors known"] == 91
    assert found["weights / textbook"] < 1e-6
    assert found["served weights / weights"] == 0


def test_what_is_served_is_what_hierarchicalforecast_reconciles(measured: Measured) -> None:
    found = measured["mint"]
    assert found["served / library"] < 1e-8
    assert found["own forecasts / library"] > 0.01
    assert found["adds up"] < 1e-12


def test_with_few_errors_there_are_no_weights(measured: Measured) -> None:
    assert measured["mint"]["with five errors"] == "MinT needs 20 errors of all nodes, there are 5"


def test_two_workers_of_a_cluster_leave_the_same_bytes(measured: Measured, folder: Path) -> None:
    found = measured["cluster"]
    assert (found["here"], found["there"], found["workers that fitted"]) == (0, 0, 2)
    for file in (f"models/{MODEL_FILE_NAME}", "metric.json"):
        assert (folder / "here" / file).read_bytes() == (folder / "there" / file).read_bytes()


def test_a_cluster_that_is_not_there_is_an_option_that_can_not_be_used(measured: Measured) -> None:
    assert [measured["cluster"][which] for which in ("nobody there", "no address", "no worker")] == [2, 2, 2]


def test_a_model_from_there_is_served_here(measured: Measured, folder: Path) -> None:
    found = measured["cluster"]
    model = read_model(folder / "there" / "models" / MODEL_FILE_NAME)
    assert {series.id: series.label for series in model.series} == found["labels"]
    assert any("mstl-ets" in label for label in found["labels"].values())
    for one in Forecaster(model).forecast(28, list(found["labels"])):
        np.testing.assert_allclose(one.mean, found["forecasts"][one.series], rtol=1e-12)
