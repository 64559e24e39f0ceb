"""What the accuracy benchmark compares forecasts on, and how it counts their errors."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from backend.settings import PROJECT_ROOT
from benchmarks import champion_forecasts, kept_answers, peer_environment, peer_forecasts
from benchmarks.champion_forecasts import (
    DECIDING,
    SCORING,
    Question,
    ask_champion,
    kept_champion,
    nested_forecasts,
    question_of,
)
from benchmarks.course_gate import HORIZON, ORIGINS, GateScores, course_series, gate_scores
from benchmarks.forecast_accuracy import OURS, TITLE, ask_everyone, comparison_lines, errors, gate_lines
from benchmarks.forecast_errors import (
    OVERALL,
    SEASONAL_NAIVE,
    collection_errors,
    seasonal_naive,
    series_errors,
)
from benchmarks.peer_environment import PeerUnavailable, peer_python
from benchmarks.peer_forecasts import PEERS, Forecast, ask, kept
from benchmarks.performance_page import Section, render
from benchmarks.quantile_forecast import PROBABILITIES, QuantileForecast
from benchmarks.series_collections import SALES, BenchmarkSeries, adventureworks_sales, all_series
from scoring.frequency import frequency_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.peer_forecasts import Peer


@pytest.fixture(scope="module")
def everything() -> list[BenchmarkSeries]:
    return all_series()


@pytest.fixture
def quarterly() -> BenchmarkSeries:
    """Six years of 1, 2, 3, 5 and one more every year; the last value was not observed."""
    values = np.add.outer(np.arange(6.0), [1.0, 2.0, 3.0, 5.0]).ravel()
    observed = np.ones(24, dtype=bool)
    observed[-1] = False
    return BenchmarkSeries("steps", "public", "QS-JAN", datetime(2001, 1, 1), values, observed)


def forecasts_like(series: BenchmarkSeries, above: float) -> tuple[Forecast, ...]:
    """Forecasts that are too high by as much, with limits of 1 and 3 on both sides."""
    found = []
    for origin in series.origins:
        mean = series.values[origin : origin + series.horizon] + above
        lower, upper = {80: mean - 1, 95: mean - 3}, {80: mean + 1, 95: mean + 3}
        found.append(Forecast(origin, mean, lower, upper, 0.5))
    return tuple(found)


def keep_of_peer(peer: Peer, series: BenchmarkSeries, forecasts: tuple[Forecast, ...]) -> None:
    """Keep forecasts as a peer's answer is kept."""
    rows = [
        {
            "origin": one.origin,
            "mean": one.mean.tolist(),
            "lower": {level: limit.tolist() for level, limit in one.lower.items()},
            "upper": {level: limit.tolist() for level, limit in one.upper.items()},
            "seconds": one.seconds,
        }
        for one in forecasts
    ]
    kept_answers.keep(peer_forecasts._path(peer, series), rows)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch) -> Path:
    """A folder where nothing is kept yet."""
    monkeypatch.setattr(kept_answers, "FORECASTS", tmp_path / "forecasts")
    return tmp_path / "forecasts"


@pytest.fixture
def annual() -> BenchmarkSeries:
    """28 years that grow and alternate; short enough that many candidates have too little to be fitted on."""
    years = np.arange(28.0)
    values = 10 + years + np.where(years % 2, 3.0, 0.0) + np.sin(years)
    return BenchmarkSeries(
        "growth", "public", "YS-JAN", datetime(1990, 1, 1), values, np.ones(years.size, dtype=bool)
    )


def test_the_collections_are_those_that_the_page_speaks_of(everything):
    counts = pd.Series([one.collection for one in everything]).value_counts().to_dict()
    assert counts == {"adventureworks-sales": 18, "public": 5, "statsmodels": 24}
    assert len({one.name for one in everything}) == 47
    assert {one.name: one.interpolated for one in everything if one.interpolated} == {
        "co2": 5,
        "wp_log_R": 59,
        "wp_log_peyton_manning": 59,
    }


def test_every_origin_has_history_before_it_and_its_whole_horizon_behind_it(everything):
    for one in everything:
        assert np.isfinite(one.values).all(), one.name
        assert len(one.origins) == 3
        assert one.origins[0] > 3 * one.season, one.name
        assert one.origins[-1] + one.horizon == one.values.size, one.name
        [step] = set(np.diff(one.origins))
        assert step == (28 if one.frequency == "D" else one.horizon // 2), one.name


def test_dates_are_those_of_the_calendar(everything):
    for one in everything:
        moments = one.moments()
        assert len(moments) == one.values.size
        assert moments[0] == one.start
        assert (
            frequency_of(one.frequency).moment(frequency_of(one.frequency).place(moments[-1])) == moments[-1]
        )
    by_name = {one.name: one for one in everything}
    assert by_name["macrodata cpi"].moments()[-1] == datetime(2009, 7, 1)
    assert by_name["nile"].moments()[-1] == datetime(1970, 1, 1)
    assert by_name["elnino"].moments()[-1] == datetime(2010, 12, 1)


def test_no_sale_is_lost_and_days_without_one_are_zero():
    series = adventureworks_sales()
    table = pd.read_csv(SALES)
    assert sum(one.values.sum() for one in series) == pytest.approx(table["Revenue"].sum())
    sold = table.groupby(["Country", "Category"]).size()
    for one in series:
        country, _, category = one.name.rpartition(" ")
        assert (one.values > 0).sum() == sold[country, category]
        assert one.values[0] > 0
        assert one.moments()[-1] == datetime(2019, 6, 30)


def test_errors_are_counted_at_observed_days_alone(quarterly):
    found = series_errors("flat", quarterly, forecasts_like(quarterly, above=2.0))
    assert found.mase == pytest.approx(2.0)  # the seasonal naive error within the series is 1
    assert found.rmse == pytest.approx(2.0)
    assert found.coverage == {80: 0.0, 95: 1.0}
    assert found.seconds == pytest.approx(1.5)
    spoiled = replace(quarterly, values=quarterly.values.copy())
    spoiled.values[-1] = 1e9
    assert series_errors("flat", spoiled, forecasts_like(quarterly, above=2.0)) == found


def test_forecasts_of_other_origins_are_refused(quarterly):
    with pytest.raises(ValueError, match="each of its origins"):
        series_errors("flat", quarterly, forecasts_like(quarterly, above=2.0)[1:])


def test_the_seasonal_naive_forecast_repeats_the_last_season(quarterly):
    first = seasonal_naive(quarterly)[0]
    assert first.origin == 8
    assert first.mean.tolist() == [2, 3, 4, 6, 2, 3, 4, 6]
    # One too low in the first year, two in the second; the last day, which was not observed, doesn't count.
    assert series_errors(SEASONAL_NAIVE, quarterly, seasonal_naive(quarterly)).mase == pytest.approx(
        (1.5 + 1.5 + 10 / 7) / 3
    )


def test_collections_are_averaged_and_compared_with_the_naive_forecast(quarterly):
    other = replace(quarterly, name="other", collection="statsmodels")
    found = [
        series_errors(method, one, forecasts)
        for one in (quarterly, other)
        for method, forecasts in (
            (SEASONAL_NAIVE, seasonal_naive(one)),
            ("flat", forecasts_like(one, above=1.0 if one is other else 4.0)),
        )
    ]
    lines = {(line.collection, line.method): line for line in collection_errors(found)}
    assert len(lines) == 6
    overall = lines[OVERALL, "flat"]
    assert (overall.series, overall.mase, overall.typical_mase) == (2, pytest.approx(2.5), pytest.approx(2.0))
    assert overall.rmse_ratio == pytest.approx(2.0 / found[0].rmse)
    assert lines["public", SEASONAL_NAIVE].rmse_ratio == pytest.approx(1.0)
    assert lines["public", SEASONAL_NAIVE].coverage == {}


def test_kept_forecasts_are_found_by_their_content(quarterly, empty_cache):
    assert kept("AutoETS", quarterly) is None
    keep_of_peer("AutoETS", quarterly, forecasts_like(quarterly, above=2.0))
    found = kept("AutoETS", quarterly)
    assert found is not None
    assert series_errors("AutoETS", quarterly, found).mase == pytest.approx(2.0)
    assert list(ask([("AutoETS", quarterly)])) == []  # nothing is asked again
    changed = replace(quarterly, values=quarterly.values + 1)
    assert kept("AutoETS", changed) is None
    assert kept("Prophet", quarterly) is None


def test_an_environment_that_cannot_be_built_says_why(tmp_path, monkeypatch):
    requirements = tmp_path / "peer.txt"
    requirements.write_text(f"nothing @ file://{tmp_path}/nothing-1.0-py3-none-any.whl\n")
    monkeypatch.setattr(peer_environment, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(peer_environment, "requirements_of", lambda peer: requirements)
    for _ in range(2):  # what is left of the first attempt is not taken for an environment
        with pytest.raises(PeerUnavailable, match=r"peer: its environment can't be built: .+"):
            peer_python("peer")


def test_the_course_gate_scores_every_day_behind_every_origin():
    series = course_series()
    assert series.moments[ORIGINS[0] - 1] == datetime(2013, 12, 31)
    assert ORIGINS[-1] + HORIZON <= series.values.size < ORIGINS[-1] + HORIZON + 7
    perfect = [
        QuantileForecast(origin, mean, np.repeat(mean[:, None], len(PROBABILITIES), axis=1))
        for origin in ORIGINS
        for mean in [series.values[origin : origin + HORIZON]]
    ]
    assert gate_scores(series, perfect) == GateScores(0.0, 0.0, 1.0, 1.0, 1.0)
    # Ten too high at every quantile: the mean of (1 - p) over the 19 is a half, twice ten times that is ten.
    high = [replace(one, mean=one.mean + 10, quantiles=one.quantiles + 10) for one in perfect]
    assert gate_scores(series, high) == GateScores(pytest.approx(10.0), pytest.approx(10.0), 0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="18 origins"):
        gate_scores(series, perfect[1:])


def test_the_champion_is_chosen_from_each_origin_without_hindsight(annual):
    question = replace(question_of(annual), horizon=2, origins=(11, 12))
    found = nested_forecasts(question)
    assert [one.origin for one in found] == [11, 12]
    for one in found:
        assert one.mean.shape == (2,)
        assert one.quantiles.shape == (2, len(PROBABILITIES))
        assert (np.diff(one.quantiles, axis=1) >= 0).all()
    assert sum(one.seconds for one in found) > 0
    values = annual.values.copy()
    values[11:] = values[11:][::-1] * 5
    changed = nested_forecasts(replace(question, series=replace(question.series, values=values)))
    np.testing.assert_array_equal(changed[0].mean, found[0].mean)
    np.testing.assert_array_equal(changed[0].quantiles, found[0].quantiles)
    assert not np.array_equal(changed[1].mean, found[1].mean)


def test_limits_are_those_quantiles(annual):
    quantiles = np.tile(np.arange(21.0), (8, 1))
    limited = QuantileForecast(9, np.full(8, 10.0), quantiles, 1.5).with_limits()
    assert (limited.lower[80][0], limited.upper[80][0]) == (
        PROBABILITIES.index(0.1),
        PROBABILITIES.index(0.9),
    )
    assert (limited.lower[95][0], limited.upper[95][0]) == (0, 20)
    assert limited.seconds == 1.5


def test_everyone_is_asked_once_and_a_peer_that_is_not_there_is_named(
    annual, empty_cache, tmp_path, monkeypatch, capsys
):
    requirements = tmp_path / "forecasting.txt"
    requirements.write_text(f"nothing @ file://{tmp_path}/nothing-1.0-py3-none-any.whl\n")
    monkeypatch.setattr(peer_environment, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(peer_environment, "requirements_of", lambda peer: requirements)
    keep_of_peer("Prophet", annual, forecasts_like(annual, above=2.0))
    ask_everyone([annual])
    told = capsys.readouterr().err
    assert "AutoETS, AutoTheta, AutoARIMA (forecasting: its environment can't be built" in told
    assert list(ask_champion([question_of(annual)])) == []  # kept by now
    found = list(errors([annual]))
    assert [one.method for one in found] == [OURS, "Prophet", SEASONAL_NAIVE]
    assert found[0].mase < found[2].mase
    assert found[0].seconds > 0

    [kept_file] = empty_cache.glob("champion-*.json")
    monkeypatch.setattr(champion_forecasts, "_sources", lambda: "another version of scoring/")
    assert kept_champion(question_of(annual)) is None
    assert kept_file.exists()


def test_a_question_has_one_answer_whatever_it_is_called(annual, empty_cache):
    series = question_of(annual).series
    asked, renamed = Question("a", series, 8, annual.origins), Question("b", series, 8, annual.origins)
    assert champion_forecasts._path(asked) == champion_forecasts._path(renamed)
    assert champion_forecasts._path(asked) != champion_forecasts._path(replace(asked, horizon=4))
    assert champion_forecasts._path(asked) != champion_forecasts._path(replace(asked, origins=(13, 17)))


def test_a_kept_forecast_is_found_only_while_everything_that_decides_about_it_is_the_same():
    printed = subprocess.run(
        [sys.executable, "-c", "import sys, scoring.competition; print(*sys.modules)"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    used = {name.removeprefix("scoring.") for name in printed if name.startswith("scoring.")}
    matched = {pattern: list(SCORING.glob(pattern)) for pattern in DECIDING}
    assert all(matched.values())
    digested = {
        ".".join(path.relative_to(SCORING).with_suffix("").parts).removesuffix(".__init__")
        for paths in matched.values()
        for path in paths
    }
    # How a model is written, served and reported says nothing about what it forecasts.
    beside = {"array_files", "contract", "errors", "forecaster", "hierarchy", "model_file", "standings"}
    assert used - digested == beside


def test_every_peer_has_a_line_in_every_collection_and_the_table_has_all_methods(quarterly):
    other = replace(quarterly, name="other", collection="statsmodels")
    above = {OURS: 1.0, **dict.fromkeys(PEERS, 2.0)}
    found = [
        series_errors(method, one, forecasts)
        for one in (quarterly, other)
        for method, forecasts in (
            *((method, forecasts_like(one, above=high)) for method, high in above.items()),
            (SEASONAL_NAIVE, seasonal_naive(one)),
        )
    ]
    lines = comparison_lines(collection_errors(found))
    bounded = [one for one in lines if one.bound is not None]
    assert [one.name for one in bounded[:2]] == [
        f"{TITLE}: Yosoku / AutoETS, mean MASE, public",
        f"{TITLE}: Yosoku / AutoTheta, mean MASE, public",
    ]
    assert len(bounded) == 3 * len(PEERS)
    assert all(one.value == 0.5 and one.holds for one in bounded)
    worse = comparison_lines(
        collection_errors([replace(one, mase=one.mase + 9 * (one.method == OURS)) for one in found])
    )
    assert not any(one.holds for one in worse if one.bound is not None)

    page = render([Section(TITLE, "How.", "Where.")], lines)
    assert "| Yosoku / Prophet, mean MASE, overall | 0.5 x | at most 1: holds |" in page
    assert "| | Mean MASE | Geometric mean MASE | RMSE / seasonal naive | Coverage at 80 % |" in page
    assert "| Overall, AutoARIMA | 2 x | 2 x |" in page
    [naive] = [line for line in page.splitlines() if line.startswith("| Statsmodels, seasonal naive")]
    assert naive.endswith("| 1 x |  |  |  |")  # no limits, and no time


def test_the_gate_bounds_coverage_from_both_sides():
    course = GateScores(400.0, 240.0, 0.70, 1.0, 0.97)
    lines = gate_lines(GateScores(320.0, 180.0, 0.80, 0.90, 0.90), course)
    held = {one.name.removeprefix(f"{TITLE}: course's series, "): one.holds for one in lines if one.bound}
    assert held == {
        "Yosoku / ARIMA(2,0,2), RMSE": True,
        "Yosoku / ARIMA(2,0,2), CRPS": True,
        "Yosoku, coverage at 80 % on weekdays, not too low": True,
        "Yosoku, coverage at 80 % on weekdays, not too high": True,
        "Yosoku, coverage at 80 % on weekends, not too low": True,
        "Yosoku, coverage at 80 % on weekends, not too high": False,
        "Yosoku, coverage at 95 %, not too low": False,
        "Yosoku, coverage at 95 %, not too high": True,
    }
    assert len({one.name for one in lines}) == len(lines)
