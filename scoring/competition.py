"""One series, all candidates: backtest them, choose the champion without hindsight, fit it on everything."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from .backtest import MOST_FITTED_ROWS, Task, backtest, fewest_values, origins_of, step_of
from .candidates.catalogue import MEDIAN, candidates_of, median_members, quick_candidates_of, seasons_of
from .errors import CandidateUnfit, TrainingInputInvalid
from .frequency import frequency_of
from .intervals import Intervals
from .kinds.combination import Combination, combined
from .kinds.outlook import Observed
from .measures import naive_scale
from .model_file import SeriesModel
from .season_groups import ONE_GROUP, SeasonGroups, season_groups
from .selection import Choice, Rule, Selection
from .standings import candidate_standings, champion_standing, registered_standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .backtest import Backtest
    from .candidates.candidate import Candidate
    from .kinds.outlook import Kind
    from .model_file import ForecastModel
    from .series import Series
    from .standings import Standing

logger = logging.getLogger(__name__)

Phase: TypeAlias = Literal["read", "backtest", "fit", "write"]
Report: TypeAlias = "Callable[[Phase, int, int], None]"

_CYCLES_OF_ERRORS, _FEWEST_ERRORS = 13, 60


@dataclass(frozen=True)
class CompetitionPlan:
    """How to compete: steps ahead, which candidates, origins to score, and the rule.

    No candidate named means all; "quick" those that are cheap enough for thousands of series. Without
    `references` only what may become champion is fitted.
    """

    horizon: int = 28
    candidates: tuple[str, ...] = ()
    origins: int = 12
    seed: int = 0
    processes: int = 0
    references: bool = True
    rule: Rule = field(default_factory=Rule)

    @property
    def workers(self) -> int:
        """Processes to fit in; by default one a core."""
        return self.processes or os.cpu_count() or 1


@dataclass(frozen=True)
class Contest:
    """A series' backtests: what can be chosen from, at which origins (counts of values), and how to measure.

    `scored` are the origins at which a choice is scored, `origins` those and the ones before them that a
    choice looks back on.
    """

    series: Series
    selection: Selection
    contenders: tuple[Candidate, ...]
    done: Backtest
    season: int
    step: int
    origins: tuple[int, ...]
    scored: tuple[int, ...]
    groups: SeasonGroups

    @property
    def observed(self) -> Observed:
        """The series as the kinds see it."""
        return self.selection.observed

    @property
    def scale(self) -> float | None:
        """What MASE divides by: the seasonal naive error up to the first scored origin."""
        return naive_scale(self.series.values[: self.scored[0]], self.season)


@dataclass(frozen=True)
class Competition:
    """The outcome: the contest, contenders as they did, the choice for now, and its model."""

    contest: Contest
    standings: tuple[Standing, ...]
    choice: Choice
    model: SeriesModel


def compete(
    series: Series,
    name: str,
    plan: CompetitionPlan,
    report: Report,
    registered: ForecastModel | None = None,
) -> Competition:
    """Run the competition for one series, whose model is then called `name`.

    Raises TrainingInputInvalid when the series is too short to be backtested.
    """
    contest = hold(series, plan, report)
    standings = [champion_standing(contest)]
    if registered is not None:
        standings.append(registered_standing(registered, contest, plan.horizon))
    standings += candidate_standings(contest)
    choice = contest.selection.choose(contest.origins, series.values.size)
    report("fit", 0, 1)
    choice, model = fit_choice(choice, contest, name)
    report("fit", 1, 1)
    return Competition(contest, tuple(standings), choice, model)


def hold(
    series: Series, plan: CompetitionPlan, report: Report, scored: Sequence[int] | None = None
) -> Contest:
    """Backtest all candidates at the scored origins, by default the newest, and at those looked back on.

    Nothing that decides at an origin was made from what came after the first of them.
    """
    observed = Observed(series.values, frequency_of(series.frequency).place(series.moments[0]))
    season = seasons_of(series.frequency)[0]
    step = step_of(plan.horizon, season)
    origins = _origins(series.values.size, season, step, plan, scored)
    if scored is None:
        scored = origins[min(plan.rule.fewest, len(origins) - 1) :][-plan.origins :]
    window = errors_window(season)
    before = Observed(series.values[: scored[0]], observed.first)
    groups = season_groups(series.frequency, season, before, window)
    contenders = _contenders(series.frequency, before, plan)
    tasks = [
        Task(candidate, observed, origin, plan.horizon, window)
        for candidate in contenders
        for origin in origins
    ]
    done = backtest(tasks, processes=plan.workers, report=lambda part, of: report("backtest", part, of))
    outlooks = dict(done.outlooks)
    middle = median_members(list(outlooks))
    if len(middle) > 2:
        shared = [origin for origin in origins if all(origin in outlooks[slug] for slug in middle)]
        outlooks[MEDIAN] = {o: combined([outlooks[slug][o] for slug in middle], "median") for o in shared}
    eligible = [candidate.slug for candidate in contenders if candidate.role == "candidate"]
    eligible = [*eligible, MEDIAN] if MEDIAN in outlooks else eligible or [contenders[0].slug]
    options = interval_options(groups, before, window)
    selection = Selection(observed, outlooks, tuple(eligible), middle, options, plan.rule)
    return Contest(
        series, selection, tuple(contenders), done, season, step, tuple(origins), tuple(scored), groups
    )


def _origins(
    count: int, season: int, step: int, plan: CompetitionPlan, scored: Sequence[int] | None
) -> list[int]:
    wanted = plan.origins + plan.rule.origins
    if scored is not None:
        found = {origin - step * back for origin in scored for back in range(plan.rule.origins + 1)}
        first = fewest_values(min(scored), season)
        return sorted(origin for origin in found if origin >= first or origin in scored)
    origins = origins_of(count, plan.horizon, season, wanted=wanted, step=step)
    if len(origins) < 2:
        raise TrainingInputInvalid(
            "input", f"{count} rows are too few to backtest at horizon {plan.horizon}."
        )
    return origins


def errors_window(season: int) -> int:
    """How many errors intervals are made of: those of 13 seasons, at most what a fit sees."""
    return min(MOST_FITTED_ROWS, max(_CYCLES_OF_ERRORS * season, _FEWEST_ERRORS)) if season > 1 else 60


def interval_options(groups: SeasonGroups, observed: Observed, window: int) -> tuple[Intervals, ...]:
    """The usual intervals first, then what may be better, plain Gaussian ones last."""
    lower = 0.0 if (observed.values >= 0).all() else None
    ones = (1.0,) * len(groups.names)
    usual = Intervals("bootstrap", groups.groups, window, ones, lower)
    plain = Intervals("gaussian", ONE_GROUP.groups, window, (1.0,), lower)
    if groups == ONE_GROUP:
        return usual, plain
    return usual, Intervals("bootstrap", ONE_GROUP.groups, window, (1.0,), lower), plain


def fit_choice(choice: Choice, contest: Contest, name: str) -> tuple[Choice, SeriesModel]:
    """The champion fitted on the newest rows, in the form that an endpoint serves.

    A member that can't be fitted to all rows (a logarithm, where the last value is zero) is left out of the
    choice that is returned. Raises TrainingInputInvalid when no member is left.
    """
    observed = contest.observed
    skipped = max(0, observed.values.size - MOST_FITTED_ROWS)
    seen = Observed(observed.values[skipped:], observed.first + skipped)
    by_slug = {candidate.slug: candidate for candidate in contest.contenders}
    middle = median_members(list(by_slug))
    members: dict[str, Kind] = {}
    for slug in choice.members:
        try:
            if slug == MEDIAN:
                members[slug] = Combination(tuple(by_slug[one].fit(seen) for one in middle), "median")
            else:
                members[slug] = by_slug[slug].fit(seen)
        except CandidateUnfit as error:
            logger.warning("Left out of the champion: %s", error)
    if not members:
        raise TrainingInputInvalid("input", "no member of the champion can be fitted to all rows.")
    choice = replace(choice, members=tuple(members))
    kinds = tuple(members.values())
    kind = kinds[0] if len(kinds) == 1 else Combination(kinds, choice.how)
    start = contest.series.moments[skipped]
    return choice, SeriesModel(name, start, seen.values, kind, choice.intervals, describe(choice))


def describe(choice: Choice) -> str:
    """The champion in words: `mean of a, b, c`, or its one member."""
    if len(choice.members) == 1:
        return choice.members[0]
    return f"{choice.how} of {', '.join(choice.members)}"


def _contenders(frequency: str, before: Observed, plan: CompetitionPlan) -> list[Candidate]:
    every = candidates_of(frequency, positive=bool((before.values > 0).all()), seed=plan.seed)
    if not plan.references:
        every = tuple(candidate for candidate in every if candidate.role == "candidate")
    if not plan.candidates:
        return list(every)
    if plan.candidates == ("quick",):
        return quick_candidates_of(frequency)
    known = {candidate.slug for candidate in every}
    for slug in plan.candidates:
        if slug not in known:
            raise TrainingInputInvalid(
                "candidates", f"there is no {slug!r} at frequency {frequency}; there are {', '.join(known)}."
            )
    return [candidate for candidate in every if candidate.slug in plan.candidates]
