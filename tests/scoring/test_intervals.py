"""Intervals of any outlook: in order, inside the support, never NaN, of their own group's errors."""

from __future__ import annotations

from dataclasses import asdict, replace
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ModelFileInvalid
from scoring.intervals import Intervals, normal_quantile, read_intervals
from scoring.kinds.outlook import Outlook, Vector
from scoring.season_groups import weekend_groups
from tests.scoring.kind_examples import FIRST, bootstrap

WEEK = weekend_groups()
PROBABILITIES = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]


@st.composite
def outlooks(draw: st.DrawFn) -> Outlook:
    """Any outlook: 0 to all of the errors known, some of them equal or enormous, scales down to zero."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    horizon, window = draw(st.integers(1, 20)), draw(st.integers(0, 120))
    size = draw(st.sampled_from([1e-6, 1.0, 300.0, 1e9]))
    errors = size * generator.standard_t(3, window)
    if draw(st.booleans()):
        errors = np.round(errors / size) * size
    known = draw(st.integers(0, window) | st.integers(0, min(10, window)))
    errors[generator.permutation(window)[known:]] = np.nan
    mean = size * generator.normal(draw(st.sampled_from([0, 3, 100])), 2, horizon)
    growth = np.cumsum(generator.uniform(0, 1, horizon))
    scale = draw(st.sampled_from([0.0, size, 1.0])) * np.sqrt(1 + growth)
    return Outlook(mean, scale, np.full(window, np.nan), errors)


@st.composite
def intervals(draw: st.DrawFn) -> Intervals:
    groups = draw(st.sampled_from([(0,), WEEK, (0, 1, 2, 0)]))
    factors = tuple(draw(st.floats(0.5, 2.0)) for _ in range(max(groups) + 1))
    lower = draw(st.sampled_from([None, 0.0, -50.0, 200.0]))
    upper = draw(st.sampled_from([None, 250.0, 1e9]))
    method = draw(st.sampled_from(["gaussian", "bootstrap"]))
    return Intervals(method, groups, draw(st.integers(0, 120)), factors, lower, upper)


@settings(max_examples=150, deadline=None)
@given(
    outlooks(),
    intervals(),
    st.integers(0, 3_000_000),
    st.lists(st.floats(0.001, 0.999), min_size=2, max_size=9, unique=True).map(sorted),
)
def test_quantiles_ascend_inside_the_support_and_are_finite(
    outlook: Outlook, made: Intervals, origin: int, probabilities: list[float]
) -> None:
    quantiles = made.quantiles(outlook, origin, probabilities)
    assert quantiles.shape == (outlook.mean.size, len(probabilities))
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    mean = made.mean(outlook)
    for values in (quantiles, mean):
        assert made.lower is None or (values >= made.lower).all()
        assert made.upper is None or (values <= made.upper).all()


@settings(max_examples=100, deadline=None)
@given(outlooks(), intervals(), st.integers(0, 3_000_000))
def test_the_80_percent_interval_lies_inside_the_95(outlook: Outlook, made: Intervals, origin: int) -> None:
    lower_95, lower_80, upper_80, upper_95 = made.quantiles(outlook, origin, [0.025, 0.1, 0.9, 0.975]).T
    assert (lower_95 <= lower_80).all()
    assert (lower_80 <= upper_80).all()
    assert (upper_80 <= upper_95).all()


@settings(max_examples=50, deadline=None)
@given(outlooks(), st.floats(0.001, 0.999))
def test_gaussian_quantiles_are_the_normal_ones(outlook: Outlook, probability: float) -> None:
    found = Intervals("gaussian").quantiles(outlook, FIRST, [probability])[:, 0]
    for mean, scale, quantile in zip(outlook.mean, outlook.scale, found, strict=True):
        expected = NormalDist(mean, scale).inv_cdf(probability) if scale > 0 else mean
        assert quantile == pytest.approx(expected, rel=1e-12, abs=1e-12 * abs(scale))


def test_normal_quantiles_are_symmetric_and_known() -> None:
    assert normal_quantile(0.5) == 0
    assert normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-12)
    assert normal_quantile(0.1) == pytest.approx(-normal_quantile(0.9), rel=1e-12)


def week_of(outlook_errors: Vector, horizon: int = 14, scale: Vector | None = None) -> Outlook:
    ones = np.ones(horizon) if scale is None else scale
    return Outlook(np.full(horizon, 100.0), ones, np.full(outlook_errors.size, np.nan), outlook_errors)


def groups_of(origin: int, window: int) -> Vector:
    """The group of each error in the window before an origin."""
    return np.array([WEEK[(origin - back) % 7] for back in range(window - 1, -1, -1)])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 6), st.integers(0, 2**32 - 1), st.sampled_from([0, 1]))
def test_one_groups_errors_do_not_move_the_other_groups_limits(shift: int, seed: int, changed: int) -> None:
    """Weekend errors made fifty times as large: the limits of weekdays stay to the last bit."""
    origin, made = FIRST + shift, bootstrap(WEEK, 91)
    errors = np.random.default_rng(seed).normal(size=91)
    wild = np.where(groups_of(origin, 91) == changed, 50 * errors + 7, errors)
    before, after = (made.quantiles(week_of(some), origin, PROBABILITIES) for some in (errors, wild))
    ahead = np.array([WEEK[(origin + step) % 7] for step in range(1, 15)])
    np.testing.assert_array_equal(before[ahead != changed], after[ahead != changed])
    widths = after[:, -1] - after[:, 0]
    assert (widths[ahead == changed] > 10 * widths[ahead != changed].max()).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_limits_are_the_mean_plus_the_quantiles_of_the_groups_errors(shift: int, seed: int) -> None:
    """By the definition: type 8 quantiles of the group's errors, times its factor, wider with the scale."""
    origin = FIRST + shift
    errors = np.random.default_rng(seed).normal(size=91)
    errors[::9] = np.nan
    scale = 2.0 * np.sqrt(np.arange(1, 15))
    made = replace(bootstrap(WEEK, 91), factors=(1.0, 1.3))
    found = made.quantiles(week_of(errors, scale=scale), origin, PROBABILITIES)
    groups = groups_of(origin, 91)
    for step in range(1, 15):
        group = WEEK[(origin + step) % 7]
        own = errors[(groups == group) & ~np.isnan(errors)]
        table = made.factors[group] * np.quantile(own, PROBABILITIES, method="median_unbiased")
        np.testing.assert_allclose(found[step - 1], 100 + np.sqrt(step) * table, rtol=1e-12)


@pytest.mark.parametrize("known", range(11))
def test_few_errors_still_make_limits(known: int) -> None:
    """With none the model's own scale, with a few their root mean square, from 8 on their quantiles."""
    errors = np.full(60, np.nan)
    errors[10 : 10 + known] = np.random.default_rng(known).normal(0, 5, known)
    found = bootstrap(window=60).quantiles(week_of(errors, 3), FIRST, PROBABILITIES)
    seen = errors[~np.isnan(errors)]
    normal = np.array([NormalDist().inv_cdf(probability) for probability in PROBABILITIES])
    if known == 0:
        table = normal
    elif known < 8:
        table = np.sqrt(np.mean(seen**2)) * normal
    else:
        table = np.quantile(seen, PROBABILITIES, method="median_unbiased")
    np.testing.assert_allclose(found, np.tile(100 + table, (3, 1)), rtol=1e-12)


def test_a_group_with_few_errors_takes_those_of_the_whole_season() -> None:
    origin, made = FIRST, bootstrap(WEEK, 91)
    errors = np.random.default_rng(5).normal(size=91)
    weekend = groups_of(origin, 91) == 1
    errors[np.flatnonzero(weekend)[7:]] = np.nan
    found = made.quantiles(week_of(errors), origin, PROBABILITIES)
    everything = np.quantile(errors[~np.isnan(errors)], PROBABILITIES, method="median_unbiased")
    weekdays = np.quantile(errors[~weekend], PROBABILITIES, method="median_unbiased")
    for step in range(1, 15):
        table = everything if WEEK[(origin + step) % 7] else weekdays
        np.testing.assert_allclose(found[step - 1], 100 + table, rtol=1e-12)


def test_the_support_bounds_mean_and_limits() -> None:
    outlook = replace(
        week_of(np.full(20, np.nan), 3), mean=np.array([-5.0, 50.0, 500.0]), scale=np.full(3, 90.0)
    )
    made = Intervals("gaussian", lower=0.0, upper=100.0)
    assert made.mean(outlook).tolist() == [0, 50, 100]
    quantiles = made.quantiles(outlook, FIRST, [0.025, 0.5, 0.975])
    assert quantiles.tolist() == [[0, 0, 100], [0, 50, 100], [100, 100, 100]]


@settings(max_examples=30, deadline=None)
@given(intervals())
def test_intervals_are_read_as_they_were_written(made: Intervals) -> None:
    if made.lower is not None and made.upper is not None and made.lower > made.upper:
        made = replace(made, upper=None)
    entry = asdict(made) | {"groups": list(made.groups), "factors": list(made.factors)}
    assert read_intervals(entry) == made


def test_what_is_no_interval_is_refused() -> None:
    for entry in (None, [], "gaussian", {}, {"method": "gaussian"}):
        with pytest.raises(ModelFileInvalid):
            read_intervals(entry)
