"""Many series into one model: what the command leaves, and what becomes of series that can't compete."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from backend.run_outputs import read_run_outputs
from backend.training_report import read_report
from scoring import score
from scoring.errors import TrainingInputInvalid
from scoring.model_file import MODEL_FILE_NAME, read_model
from scoring.nodes import with_sums
from scoring.panel import train_panel
from scoring.series import Panel, Series
from scoring.train import main
from tests.scoring.conftest import ROOT
from tests.scoring.kind_examples import days, weekly_values
from tests.scoring.panel_examples import NODES, OPTIONS, PLAN, long_table, quiet, write_sales


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sales(tmp_path_factory.mktemp("sales"))


@pytest.fixture(scope="module")
def outputs(sales: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command leaves, run in two processes of its own."""
    folder = tmp_path_factory.mktemp("azureml-models") / "sales" / "3"
    command = [sys.executable, "-W", "error", "-m", "scoring.train", "--input", str(sales)]
    done = subprocess.run(
        [*command, "--output", str(folder), "--processes", "2", *OPTIONS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Bottom-up: MinT needs the extra of requirements-many-series.txt" in done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    backtests = [(line["done"], line["total"]) for line in lines if line["phase"] == "backtest"]
    assert backtests == [(done, 9) for done in range(1, 10)]
    assert list(dict.fromkeys(line["phase"] for line in lines)) == ["read", "backtest", "write"]
    return folder


def report_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "report.json").read_text())


def test_the_outputs_can_be_registered_and_say_what_they_are(outputs: Path, sales: Path) -> None:
    metric = json.loads((outputs / "metric.json").read_text())
    assert list(metric)[:4] == ["run_id", "model_name", "RMSE", "R2"]
    table = pd.read_csv(sales)
    rows = 9 * (date.fromisoformat(table.OrderDate.max()) - date.fromisoformat(table.OrderDate.min())).days
    known = {"series": 9, "horizon": 14, "origins": 3, "frequency": "D", "rows": rows + 9}
    assert {name: metric[name] for name in known} == known
    assert (metric["train_start"], metric["train_end"]) == (table.OrderDate.min(), table.OrderDate.max())
    assert metric["reconciliation"] == "bottom-up"
    read = read_run_outputs(outputs)
    assert (read.model_name, read.run_id) == ("sales", metric["run_id"])
    assert read.metrics["RMSE"] == metric["RMSE"]
    assert read.report is not None
    standing = read_report(read.report).standing("champion")
    assert standing is not None
    assert (standing.rmse, standing.mase, standing.r2) == (metric["RMSE"], metric["MASE"], metric["R2"])
    model = read_model(outputs / "models" / MODEL_FILE_NAME)
    assert tuple(series.id for series in model.series) == NODES
    assert model.facts["run_id"] == metric["run_id"]
    report = report_in(outputs)
    assert report["reconciliation"]["method"] == "bottom-up"
    assert 0 < report["reconciliation"]["errors"]["bottom-up"] < 2
    assert [one["id"] for one in report["series"]] == list(NODES)
    assert [one["champion"] for one in report["series"]] == [series.label for series in model.series]
    assert {one["error"] for one in report["series"]} == {None}
    figures = [(one["RMSE"], one["MASE"]) for one in report["series"]]
    assert all(0 < mase < 3 < rmse for rmse, mase in figures)
    assert metric["MASE"] == pytest.approx(np.mean([mase for _, mase in figures]))


def test_the_same_input_leaves_the_same_bytes(outputs: Path, sales: Path, tmp_path: Path) -> None:
    options = ("--input", str(sales), "--processes", "1", *OPTIONS)
    assert main([*options, "--output", str(tmp_path / "one")]) == 0
    assert main([*options, "--output", str(tmp_path / "other"), "--seed", "1"]) == 0
    for file in ("metric.json", f"models/{MODEL_FILE_NAME}"):
        assert (tmp_path / "one" / file).read_bytes() == (outputs / file).read_bytes()
        assert (tmp_path / "other" / file).read_bytes() != (outputs / file).read_bytes()
    one, first = report_in(tmp_path / "one"), report_in(outputs)
    assert one.pop("seconds")["total"] > 0
    assert first.pop("seconds")["total"] > 0
    assert one == first


def train_long(path: Path, output: Path, *options: str) -> int:
    candidates = ("--candidates", "seasonal-naive,season-regression-13", "--horizon", "14", "--origins", "2")
    named = ("--input", str(path), "--output", str(output), "--model-name", "m", "--processes", "1")
    return main([*named, *candidates, *options])


def test_a_series_that_can_not_be_backtested_is_served_by_its_mean_and_named(tmp_path: Path) -> None:
    table = {
        "long": weekly_values(70),
        "short": [3.0, 4.0, 8.0, 1.0, 2.0, 6.0],
        "flat": [5.0] * 70,
        "none": [0.0] * 70,
    }
    path = long_table(tmp_path, table)
    assert train_long(path, tmp_path / "out") == 0
    series = {one["id"]: one for one in report_in(tmp_path / "out")["series"]}
    assert series["long"]["error"] is None
    assert series["long"]["MASE"] > 0
    assert "6 rows are too few to backtest at horizon 14" in series["short"]["error"]
    assert "none of them can be fitted" in series["flat"]["error"]
    model = read_model(tmp_path / "out" / "models" / MODEL_FILE_NAME)
    assert [one.label for one in model.series] == ["season-regression-13", "mean", "mean", "mean"]
    forecasts = {one.series: one for one in score.Forecaster(model).forecast(366, list(table))}
    for name in ("short", "flat", "none"):
        assert series[name]["champion"] == "mean"
        np.testing.assert_allclose(forecasts[name].mean, np.mean(table[name]), rtol=1e-12)
        lower, upper = forecasts[name].limits([80])
        assert (lower <= forecasts[name].mean[:, np.newaxis]).all()
        assert (upper >= forecasts[name].mean[:, np.newaxis]).all()
    read_run_outputs(tmp_path / "out")


def test_a_hierarchy_with_a_part_that_has_just_begun_is_bottom_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = {f"shop/{name}": weekly_values(70, seed) for seed, name in enumerate(("a", "b"))}
    path = long_table(tmp_path, {**old, "shop/new": [3.0, 4.0, 8.0, 1.0, 2.0, 6.0]})
    with caplog.at_level(logging.INFO, "scoring"):
        assert train_long(path, tmp_path / "out", "--hierarchy", "--gaps", "zero") == 0
    assert "Bottom-up: there is no origin at which all nodes could be scored" in caplog.messages
    report = report_in(tmp_path / "out")
    assert report["reconciliation"] == {"method": "bottom-up", "errors": {}}
    model = read_model(tmp_path / "out" / "models" / MODEL_FILE_NAME)
    names = [one.id for one in model.series]
    assert names == ["total", "shop", "a", "b", "new", *old, "shop/new"]
    total, shop, *_, first, second, new = score.Forecaster(model).forecast(60, names)
    np.testing.assert_allclose(total.mean, first.mean + second.mean + new.mean, rtol=1e-12)
    np.testing.assert_array_equal(total.mean, shop.mean)
    np.testing.assert_allclose(new.mean, 4.0, rtol=1e-12)
    # The total's errors go back further than the new part, whose six days don't shorten its memory.
    assert np.isfinite(total.outlook.errors).sum() > 60
    assert np.isfinite(new.outlook.errors).sum() == 6


def test_a_sum_of_what_can_be_negative_is_not_held_above_zero() -> None:
    generator = np.random.default_rng(5)
    parts = [weekly_values(70, 1), generator.normal(0, 20, 70), weekly_values(70, 2)]
    series = tuple(Series(days(0, 70), values, "D", "") for values in map(np.asarray, parts))
    panel, summing = with_sums(Panel(("a/x", "a/returns", "b/x"), series, "D", ""), padded=False)
    assert min(panel.series[0].values) > 0
    model = train_panel(panel, "m", PLAN, quiet, summing=summing).model
    lower = {one.id: one.intervals.lower for one in model.series}
    assert lower == {
        "total": None,
        "a": None,
        "b": 0.0,
        "x": 0.0,
        "returns": None,
        "a/x": 0.0,
        "a/returns": None,
        "b/x": 0.0,
    }


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--candidates", "nonsense"), "candidates: there is no 'nonsense' at frequency D"),
        (("--candidates", ""), "candidates:"),
        (("--champion", f"{ROOT}/tests/data/model_v1.npz"), "champion: a model of many series"),
        (("--id-column", "Shop"), "id column: there is no 'Shop'"),
        (("--value-column", "Shop"), "value column: there is no 'Shop'"),
        (("--horizon", "0"), "horizon: it must be from 1 to 366"),
        (("--start", "2014-02-13"), "input: 7 rows are too few to backtest at horizon 14"),
        (("--start", "2014-02-18"), "input: series few, 2 rows are left"),
        (("--hierarchy",), "hierarchy: every id must have the same parts"),
        (("--cluster", "tcp://127.0.0.1:1"), "cluster: Dask is not installed"),
    ],
)
def test_what_can_not_be_used_is_said_and_nothing_is_left(
    tmp_path: Path,
    options: tuple[str, ...],
    reason: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    path = long_table(tmp_path, {"few": [1.0, 2.0, 3.0, 4.0], "one": weekly_values(50)})
    assert train_long(path, tmp_path / "out", *options) == 2
    assert reason in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_refusal_comes_back_whole_from_another_process() -> None:
    again = pickle.loads(pickle.dumps(TrainingInputInvalid("candidates", "there is none.")))
    assert (str(again), again.field) == ("candidates: there is none.", "candidates")
