"""Choosing the champion: the rule, what it falls back on, and the registered model beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from scoring.backtest import fewest_values, origins_of, step_of
from scoring.candidates.catalogue import MEDIAN
from scoring.competition import Competition, CompetitionPlan, Contest, compete, describe, fit_choice, hold
from scoring.errors import TrainingInputInvalid
from scoring.forecaster import Forecaster
from scoring.hierarchy import Hierarchy, bottom_up
from scoring.intervals import Intervals
from scoring.kinds.outlook import Vector
from scoring.model_file import ForecastModel
from scoring.selection import Choice, Rule
from scoring.series import Series
from scoring.standings import CHAMPION, REGISTERED
from tests.scoring.candidate_examples import series_of
from tests.scoring.kind_examples import kinds, model_of, outlook, series_model, weekly_values

CHEAP = ("seasonal-naive", "season-regression-8", "season-regression-13", "recent-mean-8", "theta")
PLAN = CompetitionPlan(14, CHEAP, origins=4, processes=1)
WITH_LOGARITHM = replace(
    PLAN, candidates=("season-regression-8", "stl-ets-log", "theta"), origins=2, rule=Rule(origins=3)
)
START = datetime(2014, 1, 1)


def dated(values: Vector, frequency: str = "D") -> Series:
    return Series(tuple(START + timedelta(days=day) for day in range(values.size)), values, frequency, "")


def contest_of(values: Vector, plan: CompetitionPlan = PLAN) -> Contest:
    return hold(dated(values), plan, lambda phase, done, total: None)


def competition_of(
    values: Vector, plan: CompetitionPlan = PLAN, registered: ForecastModel | None = None
) -> Competition:
    return compete(dated(values), "m", plan, lambda phase, done, total: None, registered)


@pytest.fixture(scope="module")
def contest() -> Contest:
    return contest_of(series_of(130, 2))


def test_the_members_are_the_best_over_the_last_origins_and_near_the_best_one(contest: Contest) -> None:
    selection, rule = contest.selection, contest.selection.rule
    for origin in contest.scored:
        choice = selection.choose(contest.origins, origin)
        past = [before for before in contest.origins if before < origin][-rule.origins :]
        scores = selection.scores(past, origin)
        ranked = sorted(scores, key=lambda slug: (scores[slug], slug))
        near = [slug for slug in ranked if scores[slug] <= (1 + rule.near) * scores[ranked[0]]]
        assert choice.members == tuple(near[: rule.members])
        assert choice.intervals in selection.intervals


def test_a_reference_never_becomes_the_champion(contest: Contest) -> None:
    assert "seasonal-naive" in contest.selection.outlooks
    assert "seasonal-naive" not in contest.selection.eligible
    chosen = {
        slug
        for choice, _ in contest.selection.nested(contest.origins, contest.scored).values()
        for slug in choice.members
    }
    assert chosen <= set(contest.selection.eligible)


def test_a_better_candidate_is_chosen() -> None:
    """A series that is its weekday's mean and noise, against one that wanders: two different champions."""
    generator = np.random.default_rng(0)
    week = np.array([50.0, 20.0, 10.0, 0.0, 10.0, -60.0, -30.0])
    steady = 200 + week[np.arange(140) % 7] + generator.normal(size=140)
    wandering = 500 + np.cumsum(generator.normal(0, 20, 140))
    found = {}
    for name, values in (("steady", steady), ("wandering", wandering)):
        plan = replace(PLAN, candidates=("season-regression-13", "recent-mean-8", "theta"))
        found[name] = competition_of(values, plan).choice.members
    assert found["steady"][0] == "season-regression-13"
    assert "recent-mean-8" not in found["steady"]
    assert found["wandering"] == ("theta",)


def test_too_few_origins_to_compare_over_fall_back_on_the_classes_of_models() -> None:
    plan = replace(PLAN, candidates=("season-regression-13", "stl-arima", "theta"))
    contest = contest_of(series_of(70), plan)
    choice = contest.selection.choose(contest.origins, contest.origins[1], at=contest.origins[1])
    assert (choice.members, choice.how) == (("season-regression-13", "stl-arima"), "median")
    assert choice.intervals == contest.selection.intervals[0]


def test_a_candidate_that_could_not_be_fitted_at_the_origin_is_not_chosen_there() -> None:
    """A zero between two scored origins ends the logarithm's run, and nobody else's."""
    values = np.maximum(series_of(90, 6), 1.0)
    values[80] = 0.0
    competition = competition_of(values, WITH_LOGARITHM)
    contest = competition.contest
    first, last = contest.scored
    assert first < 80 < last
    assert first in contest.selection.outlooks["stl-ets-log"]
    assert last not in contest.selection.outlooks["stl-ets-log"]
    choice, judged = contest.selection.nested(contest.origins, contest.scored)[last]
    assert "stl-ets-log" not in choice.members
    assert np.isfinite(judged.crps).all()
    [row] = [standing for standing in competition.standings if standing.name == "stl-ets-log"]
    assert (row.judged, "zero or below" in str(row.problem)) == ({}, True)
    assert competition.choice.members


def test_a_member_that_does_not_fit_all_rows_is_left_out_of_the_model() -> None:
    values = np.maximum(series_of(90, 6), 1.0)
    contest = contest_of(values, replace(WITH_LOGARITHM, origins=1, rule=Rule(origins=1)))
    values[-1] = 0.0
    ended = replace(
        contest, selection=replace(contest.selection, observed=replace(contest.observed, values=values))
    )
    both = Choice(("stl-ets-log", "theta"), "mean", contest.selection.intervals[0])
    choice, model = fit_choice(both, ended, "m")
    assert (choice.members, model.label, model.kind.KIND) == (
        ("theta",),
        "theta",
        contest.contenders[-1].fit(ended.observed).KIND,
    )
    with pytest.raises(TrainingInputInvalid, match="no member"):
        fit_choice(replace(both, members=("stl-ets-log",)), ended, "m")


def test_when_nothing_can_be_fitted_the_candidates_are_named() -> None:
    with pytest.raises(TrainingInputInvalid, match="candidates: none of them can be fitted"):
        competition_of(np.full(100, 3.0))


@pytest.mark.parametrize("count", [5, 10, 16])
def test_too_short_a_series_is_refused(count: int) -> None:
    with pytest.raises(TrainingInputInvalid, match=f"input: {count} rows are too few"):
        competition_of(series_of(count))


def test_the_model_is_the_members_combined_and_fitted_on_everything(contest: Contest) -> None:
    choice = Choice(("season-regression-8", "theta"), "mean", contest.selection.intervals[0])
    _, model = fit_choice(choice, contest, "demand")
    assert (model.id, model.label) == ("demand", "mean of season-regression-8, theta")
    assert model.start == START
    np.testing.assert_array_equal(model.observations, contest.series.values)
    found = outlook(model.kind, model.observations, 14)
    parts = [outlook(member, model.observations, 14).mean for member in model.kind.members()]
    np.testing.assert_array_equal(found.mean, np.mean(parts, axis=0))
    [forecast] = Forecaster(model_of(model)).forecast(14, ["demand"])
    np.testing.assert_array_equal(forecast.mean, found.mean)
    assert describe(replace(choice, members=("theta",))) == "theta"


def test_the_median_of_the_classes_is_a_candidate_too() -> None:
    plan = replace(PLAN, candidates=("season-regression-13", "stl-arima", "ets"), origins=2)
    contest = contest_of(series_of(60), plan)
    assert MEDIAN in contest.selection.eligible
    origin = contest.scored[0]
    parts = [contest.selection.outlooks[slug][origin].mean for slug in plan.candidates]
    np.testing.assert_array_equal(contest.selection.outlooks[MEDIAN][origin].mean, np.median(parts, axis=0))
    choice = Choice((MEDIAN,), "mean", contest.selection.intervals[0])
    _, model = fit_choice(choice, contest, "m")
    assert [type(member).__name__ for member in model.kind.members()] == [
        "SeasonProfile",
        "Transformed",
        "Transformed",
    ]
    assert model.kind.settings() == {"how": "median"}


def registered_model(**changes: object) -> ForecastModel:
    series = series_model(kinds()["smoothing"], weekly_values(80), Intervals("gaussian", lower=0.0))
    return replace(model_of(series, name="registered"), **changes)  # type: ignore[arg-type]


def test_the_registered_model_is_measured_on_the_same_origins_as_its_state_was_there() -> None:
    """Its forecasts are those that its endpoint would have given at each origin; parameters stay."""
    values = weekly_values(130)
    competition = competition_of(values, registered=registered_model())
    standings = {standing.name: standing for standing in competition.standings}
    assert list(standings)[:2] == [CHAMPION, REGISTERED]
    scored = competition.contest.scored
    assert list(standings[REGISTERED].judged) == list(scored)
    for origin in scored:
        expected = outlook(kinds()["smoothing"], values[:origin], 14).mean
        known = min(14, 130 - origin)
        errors = standings[REGISTERED].judged[origin].errors
        np.testing.assert_allclose(errors, expected[:known] - values[origin : origin + known], rtol=1e-9)


def test_a_registered_model_of_another_kind_of_series_is_refused() -> None:
    series = registered_model().series[0]
    twin = replace(series, id="n")
    summing = np.ones((2, 1))
    wrong = {
        "frequency": registered_model(frequency="W-WED"),
        "two series": registered_model(series=(series, twin)),
        "hierarchy": registered_model(
            series=(series, twin), hierarchy=Hierarchy(summing, bottom_up(summing))
        ),
    }
    for label, model in wrong.items():
        with pytest.raises(TrainingInputInvalid) as caught:
            competition_of(weekly_values(130), registered=model)
        assert caught.value.field == "champion", label


@pytest.mark.parametrize(
    ("horizon", "season", "step"),
    [(28, 7, 7), (14, 7, 7), (7, 7, 1), (28, 1, 7), (12, 12, 3), (48, 24, 24), (1, 1, 1)],
)
def test_origins_are_a_season_or_a_quarter_of_the_horizon_apart(horizon: int, season: int, step: int) -> None:
    assert step_of(horizon, season) == step
    origins = origins_of(300, horizon, season, wanted=8)
    assert origins == [300 - step * back for back in range(8, 0, -1)]


def test_origins_have_enough_before_them() -> None:
    assert origins_of(60, 14, 7, wanted=12) == [25, 32, 39, 46, 53]
    assert fewest_values(60, 7) == 21
    assert fewest_values(300, 1) == 24
    assert fewest_values(12, 1) == 8
