"""A forecast never sees past its origin: not in a candidate's fit, and not in what is chosen there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.backtest import Task, run_task
from scoring.competition import CompetitionPlan, Contest, hold
from scoring.intervals import Intervals
from scoring.kinds.outlook import Observed, Outlook, Vector
from scoring.measures import Judged
from scoring.selection import Choice, Rule, Selection
from scoring.series import Series
from tests.scoring.candidate_examples import CANDIDATES, series_of
from tests.scoring.kind_examples import assert_same_outlook

HORIZON = 14
QUICK = (
    "seasonal-naive",
    "season-regression-8",
    "season-regression-13",
    "recent-mean-8",
    "weekday-weekend-13",
    "season-fading",
    "theta",
)
PLAN = CompetitionPlan(HORIZON, QUICK, origins=3, processes=1, rule=Rule(origins=4))


@pytest.mark.parametrize("name", CANDIDATES)
def test_a_fit_sees_nothing_past_its_origin(name: str) -> None:
    """What follows the origin is there, shuffled, or something else altogether."""
    candidate, first = CANDIDATES[name]
    values, origin = series_of(58), 46
    future = np.random.default_rng(1).permutation(values[origin:])
    found = []
    for rest in (values[origin:], future, np.full(12, -1e9)):
        series = np.concatenate([values[:origin], rest])
        outcome = run_task(Task(candidate, Observed(series, first), origin, 6, 20))
        assert (outcome.slug, outcome.origin, outcome.problem) == (candidate.slug, origin, "")
        assert outcome.outlook is not None
        assert np.isfinite(outcome.outlook.mean).all()
        found.append(outcome.outlook)
    for other in found[1:]:
        assert_same_outlook(found[0], other)


def contest_of(values: Vector, scored: list[int], plan: CompetitionPlan = PLAN) -> Contest:
    moments = tuple(datetime(2014, 1, 1) + timedelta(days=day) for day in range(values.size))
    return hold(Series(moments, values, "D", ""), plan, lambda phase, done, total: None, scored=scored)


def what_was_decided(contest: Contest, origin: int) -> tuple[Choice, Vector, Vector, Judged]:
    """The choice at an origin, its means and its quantiles, and how it was judged."""
    choice, judged = contest.selection.nested(contest.origins, contest.scored)[origin]
    outlook = choice.outlook(contest.selection.outlooks, origin)
    quantiles = choice.intervals.quantiles(
        outlook, contest.observed.first + origin - 1, [0.025, 0.1, 0.5, 0.9, 0.975]
    )
    return choice, choice.intervals.mean(outlook), quantiles, judged


@pytest.mark.parametrize("what", ["shuffled", "nothing", "huge", "constant", "below zero"])
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), later=st.sampled_from([1, 5, 14, 30]))
def test_the_nested_selection_is_the_same_whatever_comes_after_its_origin(
    what: str, seed: int, later: int
) -> None:
    """Choice, means and quantiles at an origin, and at the one before it, which is scored as well."""
    generator = np.random.default_rng(seed)
    values = np.maximum(series_of(130, seed), 1.0)
    origins = [86, 100]
    rest = values[100:]
    other = {
        "shuffled": generator.permutation(rest),
        "nothing": rest[:later],
        "huge": rest * 1e6,
        "constant": np.full(rest.size, 7.0),
        "below zero": -rest,
    }[what]
    contests = [contest_of(np.concatenate([values[:100], future]), origins) for future in (rest, other)]
    for origin in origins:
        (choice, mean, quantiles, judged), (other_choice, other_mean, other_quantiles, other_judged) = (
            what_was_decided(contest, origin) for contest in contests
        )
        assert choice == other_choice
        np.testing.assert_array_equal(mean, other_mean)
        np.testing.assert_array_equal(quantiles, other_quantiles)
        if origin + HORIZON <= 100:
            np.testing.assert_array_equal(judged.crps, other_judged.crps)
    assert contests[0].scale == contests[1].scale
    assert contests[0].groups == contests[1].groups


def test_what_is_chosen_at_an_origin_is_what_would_be_chosen_with_the_series_ending_there() -> None:
    """The scored origin is chosen at as a training run chooses that has no later rows."""
    values = series_of(130, 3)
    there = contest_of(values, [100])
    ends = contest_of(values[:100], [100])
    assert what_was_decided(there, 100)[0] == ends.selection.choose(ends.origins, 100)
    assert what_was_decided(ends, 100)[3].actual.size == 0


def test_a_past_forecast_is_judged_on_the_known_part_of_its_horizon_only() -> None:
    """At an origin, the forecasts of a week ago have a week of actuals and not a fortnight."""
    contest = contest_of(series_of(130, 4), [100])
    selection = contest.selection
    past = [origin for origin in contest.origins if origin < 100][-PLAN.rule.origins :]
    assert past == [72, 79, 86, 93]
    scores = selection.scores(past, 100)
    assert set(scores) == set(selection.eligible)
    slug = "season-regression-8"
    errors, crps = [], []
    for origin in past:
        outlook = selection.outlooks[slug][origin]
        known = min(HORIZON, 100 - origin)
        errors += np.abs(outlook.mean[:known] - contest.series.values[origin : origin + known]).tolist()
        levels = np.arange(1, 20) / 20
        quantiles = selection.intervals[0].quantiles(
            outlook, contest.observed.first + origin - 1, levels.tolist()
        )[:known]
        beyond = contest.series.values[origin : origin + known, None] - quantiles
        crps += (2 * np.where(beyond > 0, levels * beyond, (levels - 1) * beyond).mean(axis=1)).tolist()
    assert len(errors) == 14 * 3 + 7
    assert scores[slug] == pytest.approx((np.mean(errors) * np.mean(crps)) ** 0.5, rel=1e-12)


@pytest.mark.parametrize("future", [0.0, 100.0, 1e7])
def test_intervals_are_chosen_on_the_known_part_of_past_horizons_only(future: float) -> None:
    """Two weeks of actuals ask for wide limits; what comes next, however calm or wild, does not count."""
    errors = np.tile([-1.0, -0.5, 0.0, 0.5, 1.0], 12)
    generator = np.random.default_rng(0)
    values = np.concatenate([100 + 50 * generator.normal(size=100), np.full(60, future)])
    outlook = Outlook(np.full(HORIZON, 100.0), np.ones(HORIZON), np.full(60, np.nan), errors)
    narrow = Intervals("bootstrap", window=60)
    wide = replace(narrow, factors=(60.0,))
    origins = (79, 86, 93)
    selection = Selection(
        Observed(values, 0), {"theta": dict.fromkeys(origins, outlook)}, ("theta",), (), (narrow, wide)
    )
    assert selection.choose(origins, 100).intervals == wide
    assert replace(selection, intervals=(wide, narrow)).choose(origins, 100).intervals == wide
