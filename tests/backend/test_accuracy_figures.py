"""Every figure of accuracy equals utilsforecast's, on real forecasts of the bundled series."""

from __future__ import annotations

import importlib
import warnings

import numpy as np
import pandas as pd
import pytest

from backend.accuracy import by_lead_span, measure, naive_scale, newest_per_step, pairs
from backend.actuals import Actuals
from backend.calibration import RECENT_SEASONS, bias, by_origin, coverage, worst_misses
from tests.backend.forecast_examples import bundled, course_model, past_forecasts, season_regression

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of backslashes in its docstrings, when it is compiled
    losses = importlib.import_module("utilsforecast.losses")


@pytest.fixture(scope="module")
def series() -> Actuals:
    return bundled()


@pytest.fixture(scope="module", params=["course", "regression"])
def table(request: pytest.FixtureRequest, series: Actuals) -> pd.DataFrame:
    model = course_model() if request.param == "course" else season_regression(series)
    return pairs(series.frame, past_forecasts(model, series))


def theirs(table: pd.DataFrame) -> pd.DataFrame:
    """The pairs in utilsforecast's columns, each origin a series of its own; `level` is the plain mean."""
    return pd.DataFrame(
        {
            "unique_id": table["origin"].astype(str),
            "ds": table["ds"],
            "y": table["y"],
            "m": table["mean"],
            "flat": table["y"].mean(),
            **{
                f"m-{side}-{level}": table[f"{'lower' if side == 'lo' else 'upper'}_{level}"]
                for side in ("lo", "hi")
                for level in (80, 95)
            },
        }
    )


def as_one(table: pd.DataFrame) -> pd.DataFrame:
    return theirs(table).assign(unique_id="all")


def figure(found: pd.DataFrame, column: str = "m") -> float:
    return float(found[column].iloc[0])


def test_all_figures_over_everything(series: Actuals, table: pd.DataFrame) -> None:
    ours = measure(table, naive_scale(series.frame["y"], 7))
    assert ours is not None
    frame = as_one(table)
    train = series.frame.assign(unique_id="all")
    assert ours.count == len(frame) > 1000
    assert ours.mae == pytest.approx(figure(losses.mae(frame, ["m"])))
    assert ours.rmse == pytest.approx(figure(losses.rmse(frame, ["m"])))
    assert ours.bias == pytest.approx(figure(losses.bias(frame, ["m"])))
    assert ours.wape == pytest.approx(figure(losses.nd(frame, ["m"])))
    assert ours.mase == pytest.approx(figure(losses.mase(frame, ["m"], 7, train)))
    squares = losses.mse(frame, ["m", "flat"])
    assert ours.r2 == pytest.approx(1 - figure(squares) / figure(squares, "flat"))
    for level in (80, 95):
        assert ours.coverage[level] == pytest.approx(figure(losses.coverage(frame, ["m"], level)))


@pytest.mark.parametrize("span", [(1, 1), (1, 7), (22, 28)])
def test_figures_by_lead_time(table: pd.DataFrame, span: tuple[int, int]) -> None:
    [(found, ours)] = by_lead_span(table, None, [span])
    assert found == span
    frame = as_one(table[table["lead"].between(*span)])
    assert ours.mae == pytest.approx(figure(losses.mae(frame, ["m"])))
    assert ours.wape == pytest.approx(figure(losses.nd(frame, ["m"])))
    assert ours.coverage[80] == pytest.approx(figure(losses.coverage(frame, ["m"], 80)))


def test_the_course_over_origins(table: pd.DataFrame) -> None:
    frame = theirs(table[table["lead"] <= 7])
    ours = by_origin(table, 7)
    for column, loss in (
        ("miss", losses.mae(frame, ["m"])),
        ("bias", losses.bias(frame, ["m"])),
        ("inside", losses.coverage(frame, ["m"], 80)),
    ):
        expected = loss.set_index("unique_id")["m"].sort_index()
        assert ours["origin"].astype(str).tolist() == expected.index.tolist()
        assert ours[column].to_numpy() == pytest.approx(expected.to_numpy(dtype=float))
    assert len(ours) == frame["unique_id"].nunique() > 30


def test_coverage_by_group(series: Actuals, table: pd.DataFrame) -> None:
    newest = newest_per_step(table)
    frame = theirs(newest).assign(unique_id=np.where(newest["ds"].dt.day_of_week >= 5, "weekend", "weekday"))
    for held in coverage(series, newest):
        rows = frame if held.group == "all" else frame[frame["unique_id"] == held.group]
        expected = losses.coverage(rows.assign(unique_id="all"), ["m"], held.level)
        assert held.share == pytest.approx(figure(expected))
        assert held.count == len(rows)


def test_recent_bias_and_misses(series: Actuals, table: pd.DataFrame) -> None:
    lean = bias(newest_per_step(table), RECENT_SEASONS * series.season)
    newest = as_one(newest_per_step(table))
    assert lean is not None
    assert lean.mean == pytest.approx(figure(losses.bias(newest, ["m"])))
    last = newest.tail(28)
    assert lean.recent_mean == pytest.approx(figure(losses.bias(last, ["m"])))
    assert lean.recent_total == pytest.approx(figure(losses.cfe(last, ["m"])))
    outside = newest[(newest["y"] < newest["m-lo-80"]) | (newest["y"] > newest["m-hi-80"])]
    expected = (outside["m"] - outside["y"]).abs().nlargest(5)
    misses = worst_misses(newest_per_step(table))
    assert [abs(miss.error) for miss in misses] == pytest.approx(expected.tolist())
    assert [miss.ds for miss in misses] == newest["ds"][expected.index].dt.to_pydatetime().tolist()
