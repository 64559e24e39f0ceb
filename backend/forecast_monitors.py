"""When a model no longer fits what comes: four tests of past forecasts, each with the day since when (pure).

They are chosen and bounded by a study of the bundled series, on models that were never trained again and on
200 histories of 21 weeks without any change (its weeks of 2014 in random order). In so many of these a test
fires at any weekly look: a season profile that is not the one forecast, 1 %; groups of days whose errors
differ (Welch's t test), 0 %; a simple guess that is better at two looks in a row, 4 %; a band that is too
narrow within a group, 8 %. What textbooks use (tracking signal, CUSUM, PSI) cries on nearly all of them or
never, and is left out.

A test looks at a window of steps before the end, and before each earlier look: it has held since the first of
an unbroken row of looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtr, fdtrc, stdtr

from backend.accuracy import inside_band, newest_per_step
from backend.season_groups import SATURDAY, Group, season_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from backend.actuals import Actuals
    from backend.series_calendar import Frequency

    Vector = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

# Steps between two looks, in the windows of the error tests and of the coverage test.
LOOK: Mapping[Frequency, int] = {"h": 168, "D": 7, "B": 5, "W": 4, "MS": 1, "QS": 1, "YS": 1}
WINDOW: Mapping[Frequency, int] = {"h": 672, "D": 28, "B": 20, "W": 26, "MS": 24, "QS": 12, "YS": 10}
LONG_WINDOW: Mapping[Frequency, int] = {"h": 1008, "D": 91, "B": 65, "W": 52, "MS": 36, "QS": 16, "YS": 12}
# The simple guess: the mean of the same position in so many cycles before the origin. Where a cycle is a
# year, older ones lag behind a trend.
CYCLE: Mapping[Frequency, int] = {"h": 168, "D": 7, "B": 5, "W": 52, "MS": 12, "QS": 4, "YS": 1}
CYCLES: Mapping[Frequency, int] = {"h": 13, "D": 13, "B": 13, "W": 1, "MS": 1, "QS": 1, "YS": 1}
FEWEST_CYCLES = 4
LEAST_JUDGED = 0.75  # share of a window's steps that must have been judged

PROFILE_SEASONS, FEWEST_SEASONS = 8, 6
# The 1 % quantile of the agreement without a change, for a forecast of the means of 13 weeks. The study's
# 0.84 is that of the correlation with the right means, which a forecast with half of the swing has as well.
PROFILE_LIMIT = 0.75
PATTERN_CHANCE = 1e-4  # a profile less clear than this is none that could be missed
GROUP_CHANCE = 0.001
FEWEST_OF_GROUP = 6
SKILL_LIMIT, SKILL_LOOKS = 1.15, 2
COVERAGE_LEVEL, COVERAGE_CHANCE = 80, 0.01


@dataclass(frozen=True)
class Watched:
    """The newest forecast of each step beside what came, (n,) each, oldest first.

    `places` in the actuals, `guess` the simple one from the same origin (NaN where too little was known),
    `inside` the 80 % band (NaN without one), `alone` an outlier: no error that a model could be blamed for.
    """

    frequency: Frequency
    season: int
    places: Integers
    days: npt.NDArray[np.datetime64]
    weekend: Mask
    groups: tuple[Group, ...]
    group: Integers
    actual: Vector
    said: Vector
    guess: Vector
    inside: Vector
    alone: Mask


@dataclass(frozen=True)
class Since:
    """What a test found at the last look, and the place of the look since which it has held."""

    place: int
    figures: Mapping[str, object]


def watch(series: Actuals, pairs: pd.DataFrame, left_out: Mask, outliers: Mask) -> Watched:
    """The pairs of a series as the tests see them, but for the `left_out` steps; masks of the actuals."""
    steps = pd.DatetimeIndex(series.frame["ds"])
    values = np.where(left_out, np.nan, series.frame["y"].to_numpy(dtype=float))
    newest = newest_per_step(pairs)
    places = steps.get_indexer(pd.DatetimeIndex(newest["ds"]))
    kept = (places >= 0) & ~left_out[places]
    newest, places = newest[kept], places[kept].astype(np.int64)
    origins = steps.searchsorted(pd.DatetimeIndex(newest["origin"]), side="right") - 1
    clock = pd.DatetimeIndex(newest["ds"])
    groups, group = season_groups(series, newest["ds"])
    frequency = series.frequency
    return Watched(
        frequency=frequency,
        season=series.season,
        places=places,
        days=clock.normalize().to_numpy(),
        weekend=clock.day_of_week.to_numpy() >= SATURDAY,
        groups=groups,
        group=group,
        actual=newest["y"].to_numpy(dtype=float),
        said=newest["mean"].to_numpy(dtype=float),
        guess=simple_guess(values, places, origins.astype(np.int64), CYCLE[frequency], CYCLES[frequency]),
        inside=inside_band(newest, COVERAGE_LEVEL),
        alone=outliers[places],
    )


def simple_guess(values: Vector, places: Integers, origins: Integers, cycle: int, cycles: int) -> Vector:
    """For each place, the mean of its position in the last `cycles` cycles that its origin could see.

    NaN where fewer than four of those are known, or the only one isn't.
    """
    back = -(-(places - origins) // cycle)
    at = places[:, None] - (back[:, None] + np.arange(cycles)) * cycle
    seen = np.where(at >= 0, values[np.maximum(at, 0)], np.nan)
    known = np.sum(~np.isnan(seen), axis=1)
    total = np.nansum(seen, axis=1)
    return np.where(known >= min(cycles, FEWEST_CYCLES), total / np.maximum(known, 1), np.nan)


def profile_missed(watched: Watched, end: int) -> Since | None:
    """The season profile of what came over the last eight seasons, against the one that was forecast."""
    if watched.frequency not in ("h", "D", "B"):
        return None
    span = PROFILE_SEASONS * watched.season

    def at(last: int) -> Mapping[str, object] | None:
        rows = _window(watched, last, span)
        if rows is None:
            return None
        came, said = (_seasons(watched, rows, values, last) for values in (watched.actual, watched.said))
        if len(came) < FEWEST_SEASONS or not _has_pattern(came):
            return None
        agreement = _agreement(came.mean(axis=0), said.mean(axis=0))
        if agreement >= PROFILE_LIMIT:
            return None
        return {"agreement": agreement, "seasons": PROFILE_SEASONS}

    return _held(watched, end, at)


def groups_differ(watched: Watched, end: int) -> Since | None:
    """The errors of weekdays against those of weekends: one too high while the other is too low, mostly."""
    if watched.frequency not in ("h", "D"):
        return None

    def at(last: int) -> Mapping[str, object] | None:
        rows = _window(watched, last, WINDOW[watched.frequency])
        if rows is None:
            return None
        rows = rows & ~watched.alone
        # Hours of one day are wrong together, so that a day counts once.
        _, first, day = np.unique(watched.days[rows], return_index=True, return_inverse=True)
        error = np.bincount(day, (watched.said - watched.actual)[rows]) / np.bincount(day)
        weekend = watched.weekend[rows][first]
        weekdays, weekends = error[~weekend], error[weekend]
        if min(len(weekdays), len(weekends)) < FEWEST_OF_GROUP:
            return None
        if _welch(weekdays, weekends) >= GROUP_CHANCE:
            return None
        return {"weekday": float(weekdays.mean()), "weekend": float(weekends.mean())}

    return _held(watched, end, at)


def guess_is_better(watched: Watched, end: int) -> Since | None:
    """A root mean square error more than 15 % above that of the simple guess, at two looks or more."""

    def at(last: int) -> Mapping[str, object] | None:
        rows = _window(watched, last, WINDOW[watched.frequency])
        if rows is None:
            return None
        rows = rows & ~np.isnan(watched.guess) & ~watched.alone
        if rows.sum() < LEAST_JUDGED * WINDOW[watched.frequency]:
            return None
        own, simple = (
            float(np.sqrt(np.mean((values - watched.actual)[rows] ** 2)))
            for values in (watched.said, watched.guess)
        )
        if not own > SKILL_LIMIT * simple:
            return None
        return {"rmse": own, "guess_rmse": simple, "cycles": CYCLES[watched.frequency]}

    return _held(watched, end, at, least=SKILL_LOOKS)


def band_too_narrow(watched: Watched, end: int, group: Group) -> Since | None:
    """Fewer actuals of a group inside the 80 % band than chance explains (binomial test)."""
    members = watched.group == watched.groups.index(group)
    span = LONG_WINDOW[watched.frequency]

    def at(last: int) -> Mapping[str, object] | None:
        rows = _window(watched, last, span)
        if rows is None:
            return None
        rows = rows & members & ~np.isnan(watched.inside)
        count = int(rows.sum())
        if count < FEWEST_OF_GROUP:
            return None
        share = float(watched.inside[rows].mean())
        # Hours of one day are wrong together: so many days are that many tries, not more.
        tries = len(np.unique(watched.days[rows]))
        if bdtr(np.floor(share * tries + 1e-9), tries, COVERAGE_LEVEL / 100) >= COVERAGE_CHANCE:
            return None
        return {"group": group, "share": share, "count": count, "level": COVERAGE_LEVEL}

    return _held(watched, end, at)


def _held(
    watched: Watched,
    end: int,
    at: Callable[[int], Mapping[str, object] | None],
    *,
    least: int = 1,
) -> Since | None:
    """Look at the end and then back, as long as the test fires; None when it did at fewer than `least`."""
    newest: Mapping[str, object] | None = None
    since, looks = end, 0
    for last in range(end, -1, -LOOK[watched.frequency]):
        figures = at(last)
        if figures is None:
            break
        newest = newest or figures
        since, looks = last, looks + 1
    return Since(since, newest) if newest is not None and looks >= least else None


def _window(watched: Watched, last: int, steps: int) -> Mask | None:
    """The rows of the last steps before a look, None where too few of them were judged."""
    rows = (watched.places > last - steps) & (watched.places <= last)
    return rows if rows.sum() >= LEAST_JUDGED * steps else None


def _seasons(watched: Watched, rows: Mask, values: Vector, last: int) -> Vector:
    """The whole seasons before a look, (seasons, positions), positions counted back from it."""
    back = last - watched.places[rows]
    table = np.full((PROFILE_SEASONS, watched.season), np.nan)
    table[back // watched.season, back % watched.season] = values[rows]
    whole: Vector = table[~np.isnan(table).any(axis=1)]
    return whole


def _has_pattern(seasons: Vector) -> bool:
    """Whether the positions of (k, m) values differ, their seasons' levels aside (F test)."""
    count, size = seasons.shape
    centred = seasons - seasons.mean(axis=1, keepdims=True)
    means = centred.mean(axis=0)
    between = count * float((means**2).sum()) / (size - 1)
    within = float(((centred - means) ** 2).sum()) / ((count - 1) * (size - 1))
    if within <= 1e-12 * between:
        return bool(between > 0)
    return bool(fdtrc(size - 1, (count - 1) * (size - 1), between / within) < PATTERN_CHANCE)


def _agreement(came: Vector, said: Vector) -> float:
    """How much two profiles have in common, their levels aside: Lin's concordance (1989), 1 when all."""
    came, said = came - came.mean(), said - said.mean()
    return float(2 * (came * said).sum() / ((came**2).sum() + (said**2).sum()))


def _welch(first: Vector, second: Vector) -> float:
    """The two-sided p-value of Welch's t test (1947); 1 where neither varies and both are the same."""
    a, b = first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)
    difference = abs(float(first.mean() - second.mean()))
    if a + b <= 1e-24 * max(difference, 1e-12) ** 2:
        return 0.0 if difference > 0 else 1.0
    freedom = (a + b) ** 2 / (a**2 / (len(first) - 1) + b**2 / (len(second) - 1))
    return float(2 * stdtr(freedom, -difference / np.sqrt(a + b)))
