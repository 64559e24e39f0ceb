"""How right we were, in detail: whether the bands hold what they promise, errors by lead time, worst misses,
bias, and the course of all that from one past forecast to the next (pure).

Tables are those of `backend.accuracy.pairs`. Errors are forecast minus actual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.special import bdtr, bdtrc

from backend.accuracy import LEVELS, by_lead_span, inside_band, naive_scale
from backend.evaluation import judge_coverage
from backend.season_groups import season_groups

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import numpy.typing as npt

    from backend.accuracy import Accuracy
    from backend.actuals import Actuals
    from backend.season_groups import Group
    from backend.series_calendar import Frequency

    Mask = npt.NDArray[np.bool_]

Verdict = Literal["held", "narrow", "wide"]

# What planners mean by tomorrow, by a week ahead and by a month ahead: the next step, the first week, and the
# fourth week. Whole weeks hold every weekday once, so that weeks can be compared with each other; a single
# lead of seven days would always be the weekday on which forecasts begin.
LEAD_SPANS: Mapping[Frequency, tuple[tuple[int, int], ...]] = {
    "h": ((1, 24), (25, 48), (145, 168)),
    "D": ((1, 1), (1, 7), (22, 28)),
    "B": ((1, 1), (1, 5), (16, 20)),
    "W": ((1, 1), (1, 4), (10, 13)),
    "MS": ((1, 1), (3, 3), (12, 12)),
    "QS": ((1, 1), (4, 4), (8, 8)),
    "YS": ((1, 1), (2, 2), (3, 3)),
}
WITH_WEEKDAYS = ("D", "B")
RECENT_SEASONS = 4
FEWEST_HELD = 20  # steps from which it can be said that a band holds
FEWEST_OF_GROUP = 5  # steps from which a group's share is told at all
CHANCE = 0.025  # a share this unlikely, if the band were right, is no chance
MISSES_LISTED = 5
BALANCED = 0.02  # a bias below this share of a typical actual is called none


@dataclass(frozen=True)
class Held:
    """How many of `count` actuals fell inside the band of `level` percent.

    `verdict` is None where so few can't tell whether the band is right.
    """

    level: int
    group: Group
    count: int
    inside: int
    verdict: Verdict | None

    @property
    def share(self) -> float:
        """The share inside, of 1."""
        return self.inside / self.count


@dataclass(frozen=True)
class LeadTime:
    """The errors from `first` to `last` steps ahead; `weekday` (from 0) where all those steps were one."""

    first: int
    last: int
    accuracy: Accuracy
    weekday: int | None


@dataclass(frozen=True)
class Miss:
    """An actual outside its band: what was said from `origin`, what came, and by how much that was off."""

    ds: datetime
    origin: datetime
    said: float
    came: float

    @property
    def error(self) -> float:
        """Forecast minus actual."""
        return self.said - self.came


@dataclass(frozen=True)
class Bias:
    """Mean error a step over all `count` steps, and over the last `recent` of them with its sum and the size
    of what came (mean absolute actual)."""

    count: int
    mean: float
    recent: int
    recent_mean: float
    recent_total: float
    recent_size: float


def lead_times(series: Actuals, table: pd.DataFrame) -> tuple[LeadTime, ...]:
    """The errors by what planners call near and far at the series' frequency."""
    scale = naive_scale(series.frame["y"], series.season)
    found = []
    for (first, last), accuracy in by_lead_span(table, scale, LEAD_SPANS[series.frequency]):
        days = table.loc[table["lead"].between(first, last), "ds"].dt.day_of_week.unique()
        alone = len(days) == 1 and series.frequency in WITH_WEEKDAYS
        found.append(LeadTime(first, last, accuracy, int(days[0]) if alone else None))
    return tuple(found)


def coverage(series: Actuals, newest: pd.DataFrame) -> tuple[Held, ...]:
    """Each band over all steps, and over each group of the season where there is more than one."""
    names, codes = season_groups(series, newest["ds"])
    found = []
    for level in LEVELS:
        inside = inside_band(newest, level)
        limited = ~np.isnan(inside)
        groups: list[tuple[Group, Mask]] = [("all", limited)]
        if len(names) > 1:
            groups += [(name, limited & (codes == code)) for code, name in enumerate(names)]
        for group, chosen in groups:
            count, held = int(chosen.sum()), int(inside[chosen].sum())
            if count >= (1 if group == "all" else FEWEST_OF_GROUP):
                found.append(Held(level, group, count, held, verdict(level, count, held)))
    return tuple(found)


def verdict(level: int, count: int, inside: int) -> Verdict | None:
    """Whether a band is right: what is said of it matters and is no chance (exact binomial test)."""
    fit = judge_coverage(level, inside / count)
    if fit == "right":
        return "held" if count >= FEWEST_HELD else None
    if fit == "narrow":
        return fit if bdtr(inside, count, level / 100) < CHANCE else None
    # bdtrc is of more than its first argument.
    unlikely = 1.0 if inside == 0 else float(bdtrc(inside - 1, count, level / 100))
    return fit if unlikely < CHANCE else None


def worst_misses(newest: pd.DataFrame, level: int = 80, count: int = MISSES_LISTED) -> tuple[Miss, ...]:
    """The actuals outside their band that were missed by most, worst first."""
    outside = newest[inside_band(newest, level) == 0]
    off = (outside["mean"] - outside["y"]).abs()
    worst = outside.loc[off.sort_values(ascending=False, kind="stable").index[:count]]
    columns = (
        pd.DatetimeIndex(worst["ds"]).to_pydatetime().tolist(),
        pd.DatetimeIndex(worst["origin"]).to_pydatetime().tolist(),
        worst["mean"].tolist(),
        worst["y"].tolist(),
    )
    return tuple(Miss(*row) for row in zip(*columns, strict=True))


def bias(newest: pd.DataFrame, recent: int) -> Bias | None:
    """How far the forecasts lean to one side, over everything and over the `recent` last steps."""
    if newest.empty:
        return None
    error = newest["mean"].to_numpy(dtype=float) - newest["y"].to_numpy(dtype=float)
    last = error[-recent:]
    size = float(np.abs(newest["y"].to_numpy(dtype=float)[-recent:]).mean())
    return Bias(len(error), float(error.mean()), len(last), float(last.mean()), float(last.sum()), size)


def by_origin(table: pd.DataFrame, steps: int) -> pd.DataFrame:
    """A row for each past forecast any of whose first `steps` have come, oldest first.

    Columns, means over those steps: origin; miss, the absolute error; bias; inside, the share in the 80 %
    band (NaN without one).
    """
    near = table[table["lead"] <= steps]
    error = near["mean"] - near["y"]
    measured = near.assign(miss=error.abs(), bias=error, inside=inside_band(near, 80))
    return measured.groupby("origin")[["miss", "bias", "inside"]].mean().reset_index()
