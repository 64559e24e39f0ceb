"""The measures against plain formulas, and the stretches and groups that they are told for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.intervals import Intervals
from scoring.kinds.outlook import Observed, Outlook, Vector
from scoring.measures import LEVELS, Judged, figures, judge, naive_scale, together
from scoring.report import lead_stretches
from tests.scoring.kind_examples import FIRST, weekly_values


@st.composite
def judged_forecasts(draw: st.DrawFn) -> tuple[Outlook, Intervals, Observed, int]:
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    horizon = draw(st.integers(1, 12))
    values = weekly_values(40, draw(st.integers(0, 999)))
    outlook = Outlook(
        generator.normal(90, 30, horizon),
        generator.uniform(5, 30, horizon),
        np.full(30, np.nan),
        generator.normal(0, 20, 30),
    )
    made = Intervals(
        draw(st.sampled_from(["gaussian", "bootstrap"])), window=30, lower=draw(st.sampled_from([None, 0.0]))
    )
    return outlook, made, Observed(values, FIRST), draw(st.integers(20, 40))


def pinball(level: float, quantile: float, actual: float) -> float:
    return level * (actual - quantile) if actual >= quantile else (1 - level) * (quantile - actual)


@settings(max_examples=40, deadline=None)
@given(judged_forecasts(), st.integers(0, 20))
def test_a_forecast_is_judged_step_by_step(case: tuple[Outlook, Intervals, Observed, int], more: int) -> None:
    outlook, made, observed, origin = case
    known = min(40, origin + more)
    found = judge(outlook, made, observed, origin, known)
    steps = min(outlook.mean.size, known - origin)
    assert found.leads.tolist() == list(range(1, steps + 1))
    assert found.places.tolist() == [FIRST + origin + step for step in range(steps)]
    assert found.actual.tolist() == observed.values[origin : origin + steps].tolist()
    levels = [step / 20 for step in range(1, 20)]
    place = observed.first + origin - 1
    quantiles = made.quantiles(outlook, place, levels)
    limits = made.quantiles(outlook, place, [0.025, 0.1, 0.9, 0.975])
    for step in range(steps):
        actual = observed.values[origin + step]
        assert found.errors[step] == made.mean(outlook)[step] - actual
        losses = [
            pinball(level, quantile, actual) for level, quantile in zip(levels, quantiles[step], strict=True)
        ]
        assert found.crps[step] == pytest.approx(2 * sum(losses) / 19, rel=1e-12)
        low_95, low_80, high_80, high_95 = limits[step]
        assert found.inside[:, step].tolist() == [low_80 <= actual <= high_80, low_95 <= actual <= high_95]


def test_crps_of_a_sharp_forecast_is_its_absolute_error() -> None:
    outlook = Outlook(np.array([10.0, 10.0]), np.zeros(2), np.zeros(0), np.zeros(0))
    found = judge(outlook, Intervals("gaussian"), Observed(np.array([1.0, 7.0, 13.0]), FIRST), 1, 3)
    assert found.crps == pytest.approx([3.0, 3.0])
    assert found.errors.tolist() == [3.0, -3.0]


def test_crps_of_a_normal_forecast_is_near_its_closed_form() -> None:
    """sigma (1/sqrt(pi)) (sqrt(2) ... - 1) at the mean: 0.2337 sigma; 19 quantiles come near it."""
    outlook = Outlook(np.array([5.0]), np.array([2.0]), np.zeros(0), np.zeros(0))
    found = judge(outlook, Intervals("gaussian"), Observed(np.array([0.0, 5.0]), FIRST), 1, 2)
    assert found.crps[0] == pytest.approx(2 * (np.sqrt(2) - 1) / np.sqrt(np.pi), rel=0.05)


def judged_of(actual: Vector, forecast: Vector, crps: Vector, inside: np.ndarray) -> Judged:
    steps = np.arange(actual.size)
    return Judged(steps + 1, steps, actual, forecast - actual, crps, inside)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.integers(0, 2**32 - 1), st.sampled_from([None, 0.5, 30.0]))
def test_figures_are_their_formulas(count: int, seed: int, scale: float | None) -> None:
    generator = np.random.default_rng(seed)
    actual, forecast = generator.normal(100, 20, count), generator.normal(100, 20, count)
    crps, inside = generator.uniform(0, 9, count), generator.uniform(size=(2, count)) < 0.8
    found = figures(judged_of(actual, forecast, crps, inside), scale)
    assert found is not None
    error = forecast - actual
    assert found.count == count
    assert found.rmse == pytest.approx(float(np.sqrt((error**2).mean())))
    assert found.mae == pytest.approx(float(np.abs(error).mean()))
    assert found.bias == pytest.approx(float(error.mean()))
    assert found.crps == pytest.approx(float(crps.mean()))
    assert found.mase == (None if scale is None else pytest.approx(float(np.abs(error).mean()) / scale))
    spread = ((actual - actual.mean()) ** 2).sum()
    assert found.r2 == (None if count == 1 else pytest.approx(float(1 - (error**2).sum() / spread)))
    assert found.coverage == {level: inside[row].mean() for row, level in enumerate(LEVELS)}


def test_nothing_judged_has_no_figures_and_no_spread_no_r2() -> None:
    nothing = judged_of(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros((2, 0), dtype=bool))
    assert figures(nothing, 1.0) is None
    same = judged_of(np.full(3, 4.0), np.full(3, 5.0), np.ones(3), np.ones((2, 3), dtype=bool))
    found = figures(same, None)
    assert found is not None
    assert (found.r2, found.mase, found.rmse) == (None, None, 1.0)


@settings(max_examples=20, deadline=None)
@given(st.lists(judged_forecasts(), min_size=1, max_size=4))
def test_several_are_judged_as_one(cases: list[tuple[Outlook, Intervals, Observed, int]]) -> None:
    parts = [judge(*case, 40) for case in cases]
    whole = together(parts)
    assert whole.actual.size == sum(part.actual.size for part in parts)
    assert whole.inside.shape == (2, whole.actual.size)
    odd = whole.chosen(whole.leads % 2 == 1)
    assert odd.leads.tolist() == [lead for part in parts for lead in part.leads.tolist() if lead % 2]
    assert odd.errors.tolist() == [
        error
        for part in parts
        for lead, error in zip(part.leads, part.errors.tolist(), strict=True)
        if lead % 2
    ]


def test_mase_divides_by_the_seasonal_naive_error() -> None:
    values = np.array([1.0, 5.0, 2.0, 9.0, 4.0])
    assert naive_scale(values, 1) == np.mean([4, 3, 7, 5])
    assert naive_scale(values, 2) == np.mean([1, 4, 2])
    assert naive_scale(values, 5) is None
    assert naive_scale(np.full(9, 3.0), 2) is None


@given(st.integers(1, 366), st.sampled_from([1, 4, 5, 7, 12, 24, 52]))
def test_lead_stretches_cover_the_horizon_once(horizon: int, season: int) -> None:
    stretches = lead_stretches(horizon, season)
    assert [step for first, last in stretches for step in range(first, last + 1)] == list(
        range(1, horizon + 1)
    )
    assert 1 <= len(stretches) <= 6
    if 1 < season <= horizon // 2 and horizon <= 6 * season:
        assert all(last - first + 1 == season for first, last in stretches[:-1])


def test_lead_stretches_of_the_usual_horizons() -> None:
    assert lead_stretches(28, 7) == [(1, 7), (8, 14), (15, 21), (22, 28)]
    assert lead_stretches(14, 7) == [(1, 7), (8, 14)]
    assert lead_stretches(12, 12) == [(1, 3), (4, 6), (7, 9), (10, 12)]
    assert lead_stretches(1, 7) == [(1, 1)]
    assert lead_stretches(48, 24) == [(1, 24), (25, 48)]
