"""What each candidate fits: the statsmodels model it names, at 1e-8, and nothing of what it must not see."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from scoring.backtest import MOST_FITTED_ROWS, Task, run_task
from scoring.candidates.arima import SeasonalArima, estimate
from scoring.candidates.candidate import Candidate
from scoring.candidates.catalogue import candidates_of, median_members, quick_candidates_of, seasons_of
from scoring.candidates.closed_form import ClosedForm
from scoring.candidates.decomposition import Decomposition
from scoring.candidates.smoothing import Ets, ThetaMethod
from scoring.candidates.structural import Structural
from scoring.kinds.outlook import Kind, Observed, Vector
from scoring.kinds.profile import SeasonProfile
from scoring.kinds.smoothing import ExponentialSmoothing
from scoring.kinds.state_space import StateSpace
from scoring.kinds.transformed import Transformed
from tests.scoring.candidate_examples import CANDIDATES, series_of
from tests.scoring.kind_examples import (
    FIRST,
    assert_close,
    assert_same_in_a_file,
    outlook,
    quietly,
    weekly_values,
)

HORIZON = 30

Form = tuple[str, str | None, bool, str | None]


def fitted_by_candidate(candidate: Candidate, values: Vector, first: int = FIRST) -> tuple[Kind, Vector]:
    """The kind, and the mean that it forecasts."""
    kind = candidate.fit(Observed(values, first))
    return kind, outlook(kind, values, HORIZON, 60, first).mean


@pytest.mark.parametrize("log", [False, True])
def test_sarimax_candidate(log: bool) -> None:
    values = weekly_values(70, 5)
    order, seasonal = (0, 1, 1), (0, 1, 1, 7)
    kind, mean = fitted_by_candidate(SeasonalArima("s", order, seasonal, log=log), values)
    levels = np.log(values) if log else values
    unit = levels.std()
    results = quietly(lambda: estimate(levels / unit, order, seasonal, "n"))
    theirs = results.forecast(HORIZON) * unit
    if log:
        errors = outlook(kind.members()[0], levels / unit, 1, 60).errors * unit
        theirs = np.exp(theirs) * np.mean(np.exp(errors[~np.isnan(errors)]))
    assert_close(mean, theirs)


def test_structural_candidate() -> None:
    values = weekly_values(70, 6)
    unit = values.std()
    _, mean = fitted_by_candidate(Structural("u", 7, "llevel"), values)
    model = UnobservedComponents(values / unit, level="llevel", seasonal=7)
    results = quietly(model.fit, disp=False, maxiter=60, cov_type="none")
    assert_close(mean, results.forecast(HORIZON) * unit)


@pytest.mark.parametrize("count", [70, 260])
def test_ets_candidate_is_the_form_of_lowest_aicc(count: int) -> None:
    """Forms are compared from given first states; a short series' best two are fitted with theirs."""
    values = weekly_values(count, 7)
    unit = values.std()
    fitted_kind, mean = fitted_by_candidate(Ets("ets", 7), values)
    assert isinstance(fitted_kind, Transformed)
    assert isinstance(fitted_kind.inner, ExponentialSmoothing)
    trends = ((None, False), ("add", False), ("add", True))
    forms: list[Form] = [(kind, trend, damped, kind) for kind in ("add", "mul") for trend, damped in trends]
    forms.append(("add", None, False, None))
    start = "heuristic"
    fitted = {form: best_of(values / unit, form, start) for form in forms}
    ranked = sorted(fitted, key=lambda form: fitted[form].aicc)
    if count <= 240:
        fitted = {form: best_of(values / unit, form, "estimated") for form in ranked[:2]}
        ranked = sorted(fitted, key=lambda form: fitted[form].aicc)
    assert_close(mean, fitted[ranked[0]].forecast(HORIZON) * unit)


def best_of(values: Vector, form: Form, initial: str) -> Any:
    error, trend, damped, seasonal = form
    model = ETSModel(
        values,
        error=error,
        trend=trend,
        damped_trend=damped,
        seasonal=seasonal,
        seasonal_periods=7 if seasonal else None,
        initialization_method=initial,
    )
    return quietly(model.fit, disp=False, maxiter=200)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), first=st.integers(0, 1000), count=st.integers(20, 90))
def test_theta_is_statsmodels_theta_model(seed: int, first: int, count: int) -> None:
    """With a season taken out and, where its test finds none, without; a trend on top."""
    generator = np.random.default_rng(seed)
    values = generator.uniform(50, 150, count) + generator.uniform(-0.4, 2) * np.arange(count)
    values += generator.choice([0.0, 60.0]) * (np.arange(count) % 7 == 3)
    kind, mean = fitted_by_candidate(ThetaMethod("theta", 7), values, first)
    results = quietly(ThetaModel(values, period=7, deseasonalize=True, method="auto").fit)
    assert_close(mean, results.forecast(HORIZON))
    assert kind.anchored


def test_theta_without_a_season(tmp_path: Path) -> None:
    values = np.linspace(10, 30, 40) + np.random.default_rng(2).normal(size=40)
    kind, mean = fitted_by_candidate(ThetaMethod("theta", 1), values)
    results = ThetaModel(values, deseasonalize=False).fit()
    assert_close(mean, results.forecast(HORIZON))
    assert_same_in_a_file(kind, values, tmp_path)


def test_theta_spreads_as_statsmodels_says() -> None:
    """Its prediction variance is sigma2 (1 + alpha^2 (h - 1)): ours has the errors' own sigma."""
    values = np.linspace(10, 30, 40) + np.random.default_rng(2).normal(size=40)
    kind, _ = fitted_by_candidate(ThetaMethod("theta", 1), values)
    alpha = float(dict(kind.settings())["alpha"])
    growth = np.sqrt(1 + alpha**2 * np.arange(HORIZON))
    found = outlook(kind, values, HORIZON, 40)
    assert_close(found.scale, np.sqrt(np.nanmean(found.errors**2)) * growth)


def season_and_rest(scaled: Vector) -> tuple[Vector, Vector]:
    """STL's last cycle, and the series less this cycle all along."""
    cycle = np.asarray(STL(scaled, period=7, seasonal=13).fit().seasonal)[-7:]
    behind = np.resize(cycle[::-1], scaled.size)[::-1]
    return cycle, scaled - behind


@pytest.mark.parametrize("first", [FIRST, FIRST + 3])
def test_stl_and_arima(first: int, tmp_path: Path) -> None:
    values = weekly_values(75, 8)
    unit = values.std()
    kind, mean = fitted_by_candidate(Decomposition("stl-arima", 7, "arima"), values, first)
    cycle, rest = season_and_rest(values / unit)
    model = SARIMAX(rest, order=(1, 0, 1), trend="c")
    results = quietly(model.fit, disp=False, maxiter=60, cov_type="none")
    assert_close(mean, (results.forecast(HORIZON) + np.resize(cycle, HORIZON)) * unit)
    assert isinstance(kind.members()[0], StateSpace)
    assert_same_in_a_file(kind, values, tmp_path)


@pytest.mark.parametrize("log", [False, True])
def test_stl_and_ets(log: bool) -> None:
    values = weekly_values(260, 9)
    levels = np.log(values) if log else values
    unit = levels.std()
    kind, mean = fitted_by_candidate(Decomposition("stl-ets", 7, "ets", log=log), values)
    cycle, rest = season_and_rest(levels / unit)
    forms = [("add", None, False, None), ("add", "add", False, None), ("add", "add", True, None)]
    best = min((best_of(rest, form, "heuristic") for form in forms), key=lambda results: results.aicc)
    theirs = (np.asarray(best.forecast(HORIZON)) + np.resize(cycle, HORIZON)) * unit
    if log:
        inner = outlook(kind.members()[0], rest, 1, 60)
        theirs = np.exp(theirs) * np.mean(np.exp(inner.errors * unit))
    assert_close(mean, theirs)


def test_a_fit_sees_the_newest_rows_only() -> None:
    values = series_of(MOST_FITTED_ROWS + 40)
    task = Task(ClosedForm("mean", SeasonProfile(1), 2), Observed(values, FIRST), values.size, 3, 5)
    outlook_found = run_task(task).outlook
    assert outlook_found is not None
    assert_close(outlook_found.mean, np.full(3, values[-MOST_FITTED_ROWS:].mean()))


QUICK = {f"h {one.slug}": (one, FIRST) for one in quick_candidates_of("h")}


@pytest.mark.parametrize("name", [name for name in {**CANDIDATES, **QUICK} if "course-arima" not in name])
def test_what_can_not_be_fitted_is_unfit_and_nothing_else(name: str) -> None:
    """A forecast or CandidateUnfit, whatever the series; the course's slow fit has tests of its own."""
    candidate, first = (CANDIDATES | QUICK)[name]
    series = series_of(36)
    hard = {
        "one value": series[:1],
        "short": series[:9],
        "constant": np.full(36, 5.0),
        "zeros": np.zeros(36),
        "step": np.repeat([1.0, 1000.0], 18),
        "single peak": np.eye(1, 36, 30)[0],
        "below zero": series - 100,
        "enormous": 1e14 * series,
        "tiny": 1e-14 * series,
        "straight": np.arange(36.0),
    }
    for label, values in hard.items():
        outcome = run_task(Task(candidate, Observed(values, first), values.size, 6, 20))
        if outcome.outlook is None:
            assert outcome.problem, label
        else:
            assert (outcome.outlook.mean.shape, outcome.problem) == ((6,), ""), label
    for label in ("one value", "constant", "zeros"):
        outcome = run_task(Task(candidate, Observed(hard[label], first), hard[label].size, 6, 20))
        assert outcome.outlook is None, label


@pytest.mark.parametrize("frequency", ["h", "D", "B", "W-SUN", "MS", "QE-DEC", "YS-JAN"])
@pytest.mark.parametrize("positive", [True, False])
def test_the_catalogue_names_each_candidate_once(frequency: str, positive: bool) -> None:
    candidates = candidates_of(frequency, positive=positive)
    slugs = [candidate.slug for candidate in candidates]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug) for slug in slugs)
    assert {"mean", "naive", "course-arima"} <= {one.slug for one in candidates if one.role == "reference"}
    assert positive == any("log" in slug for slug in slugs)
    seasons = [season for season in seasons_of(frequency) if season > 1]
    assert sum(slug.startswith("seasonal-naive") for slug in slugs) == len(seasons)


@pytest.mark.parametrize("frequency", ["D", "h", "W-SUN", "MS", "QS-JAN"])
def test_the_median_of_five_has_one_of_each_class_at_every_frequency_with_a_season(frequency: str) -> None:
    slugs = [candidate.slug for candidate in candidates_of(frequency, positive=True)]
    members = median_members(slugs)
    shortest = seasons_of(frequency)[0]
    end = f"-{shortest}" if len(seasons_of(frequency)) > 1 else ""
    expected = ["season-regression-13", "sarimax-101-011", "ets", "structural", "stl-arima"]
    assert members == tuple(f"{one}{end}" for one in expected if f"{one}{end}" in slugs)
    assert len(members) == (5 if shortest <= 24 else 2)
