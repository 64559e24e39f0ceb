"""How every contender of a contest did: the champion without hindsight, a registered one, candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .candidates.catalogue import MEDIAN
from .contract import History
from .errors import RequestRefused, TrainingInputInvalid
from .forecaster import Forecaster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .competition import Contest
    from .measures import Judged
    from .model_file import ForecastModel

CHAMPION, REGISTERED = "champion", "registered"


@dataclass(frozen=True)
class Standing:
    """What one contender did: every scored origin's forecast beside what came, or why there is none."""

    name: str
    role: Literal["champion", "candidate", "reference", "registered"]
    judged: Mapping[int, Judged]
    problem: str | None = None
    seconds: float = 0.0


def champion_standing(contest: Contest) -> Standing:
    """What the selection itself would have earned, chosen anew at each scored origin."""
    nested = contest.selection.nested(contest.origins, contest.scored)
    return Standing(CHAMPION, "champion", {origin: judged for origin, (_, judged) in nested.items()})


def candidate_standings(contest: Contest) -> list[Standing]:
    """What each candidate did, with the usual intervals; references have plain Gaussian ones."""
    selection, done = contest.selection, contest.done
    usual, plain = selection.intervals[0], selection.intervals[-1]
    roles = {candidate.slug: candidate.role for candidate in contest.contenders}
    found = []
    for slug in [*roles, *([MEDIAN] if MEDIAN in selection.outlooks else [])]:
        role = roles.get(slug, "candidate")
        answered = selection.outlooks.get(slug, {})
        judged: dict[int, Judged] = {}
        problem = None
        if all(origin in answered for origin in contest.scored):
            intervals = plain if role == "reference" else usual
            for origin in contest.scored:
                judged[origin] = selection.judged(answered[origin], intervals, origin)
        else:
            problem = done.problems.get(slug, "not fitted at every origin")
        found.append(Standing(slug, role, judged, problem, done.seconds.get(slug, 0.0)))
    return found


def registered_standing(model: ForecastModel, contest: Contest, horizon: int) -> Standing:
    """The registered champion at the same origins: its state follows, its parameters are as they were."""
    series, scored = contest.series, contest.scored
    if len(model.series) != 1:
        raise TrainingInputInvalid("champion", "it is a model of many series, this is one.")
    history = History(series.moments, tuple(series.values.tolist()))
    origins = [series.moments[origin - 1] for origin in scored]
    try:
        answer = Forecaster(model).forecast_after({model.series[0].id: history}, horizon, origins)
    except RequestRefused as error:
        raise TrainingInputInvalid("champion", f"it can't forecast this series: {error}") from error
    [forecasts] = answer.values()
    return Standing(
        REGISTERED,
        "registered",
        {
            origin: contest.selection.judged(forecast.outlook, forecast.intervals, origin)
            for origin, forecast in zip(scored, forecasts, strict=True)
        },
    )
