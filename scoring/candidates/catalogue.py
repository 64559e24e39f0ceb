"""Which candidates compete, by frequency: seasons are offered here and chosen by backtest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.naive import SeasonalNaive
from ..kinds.profile import SeasonProfile
from ..season_groups import weekend_groups
from . import mstl
from .arima import CourseArima, SeasonalArima
from .closed_form import ClosedForm
from .decomposition import Decomposition
from .smoothing import Ets, ThetaMethod
from .structural import Structural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .candidate import Candidate

# The lengths of the seasons that a frequency (pandas' name before the dash) can have, shortest first.
SEASONS = {"h": (24, 168), "D": (7,), "B": (5,), "W": (52,), "MS": (12,), "ME": (12,), "QS": (4,), "QE": (4,)}

# What a model fitted by a state as long as the season costs too much for.
_LONGEST_STATE_SEASON = 24
_PROFILE_CYCLES = (8, 13, 26)
# Windows of a mean without a season, in seasons: weekdays that hardly differ are better not told apart.
_RECENT_CYCLES = (8, 13, 26)
MEDIAN = "median-of-five"
_CLASSES = ("season-regression-13", "sarimax-101-011", "ets", "structural", "stl-arima")
_SEASON_ENDS = tuple(f"-{season}" for seasons in SEASONS.values() if len(seasons) > 1 for season in seasons)


def seasons_of(frequency: str) -> tuple[int, ...]:
    """The season lengths of a frequency, shortest first; (1,) for one without a season."""
    return SEASONS.get(frequency.partition("-")[0], (1,))


def candidates_of(frequency: str, *, positive: bool, seed: int = 0) -> tuple[Candidate, ...]:
    """All candidates of a frequency; those that take logarithms only for a series above zero."""
    found = [*_seasonless_references(), CourseArima("course-arima", starts=2, seed=seed)]
    seasons = [season for season in seasons_of(frequency) if season > 1]
    for season in seasons:
        end = f"-{season}" if len(seasons) > 1 else ""
        found += _profiles(season, end)
        found += _decompositions(season, end, positive=positive)
        if season <= _LONGEST_STATE_SEASON:
            found += _seasonal(season, end, positive=positive)
    if not seasons:
        found += _seasonless(positive=positive)
    found.append(ThetaMethod("theta", seasons[0] if seasons else 1))
    return tuple(found)


def quick_candidates_of(frequency: str) -> list[Candidate]:
    """Those that take milliseconds a fit: closed forms, theta, and STL with ETS.

    STL with ETS is fitted by statsforecast, which takes a fifth of the time, where that is installed
    (requirements-many-series.txt).
    """
    found = _seasonless_references()
    seasons = [season for season in seasons_of(frequency) if season > 1]
    for season in seasons:
        end = f"-{season}" if len(seasons) > 1 else ""
        found += _profiles(season, end)
        if mstl.is_installed():
            found.append(mstl.MstlEts(f"mstl-ets{end}", season))
        else:
            found.append(Decomposition(f"stl-ets{end}", season, "ets"))
    found.append(ThetaMethod("theta", seasons[0] if seasons else 1))
    return found


def median_members(slugs: Sequence[str]) -> tuple[str, ...]:
    """The members of the median of five among the candidates that there are: one of each class of models.

    With two seasons a slug ends in its own; the first there is, the shortest, stands for the class.
    """
    found = (next((slug for slug in slugs if _is_of(slug, one)), None) for one in _CLASSES)
    return tuple(slug for slug in found if slug is not None)


def _is_of(slug: str, one: str) -> bool:
    rest = slug.removeprefix(one)
    return slug.startswith(one) and (not rest or rest in _SEASON_ENDS)


def _seasonless_references() -> list[Candidate]:
    return [
        ClosedForm("mean", SeasonProfile(1), 2, "reference"),
        ClosedForm("naive", SeasonalNaive(1), 2, "reference"),
    ]


def _profiles(season: int, end: str) -> list[Candidate]:
    """The seasonal naive reference, and everything that is a mean over a season's positions."""
    found: list[Candidate] = [
        ClosedForm(f"seasonal-naive{end}", SeasonalNaive(season), season + 1, "reference")
    ]
    found += [
        ClosedForm(f"season-regression-{cycles}{end}", SeasonProfile(season, cycles), 3 * season)
        for cycles in _PROFILE_CYCLES
    ]
    found.append(ClosedForm(f"season-regression{end}", SeasonProfile(season), 3 * season))
    if season == 7:
        found += [
            ClosedForm(f"recent-mean-{cycles}", SeasonProfile(1, cycles * season), season)
            for cycles in _RECENT_CYCLES
        ]
        weekdays = SeasonProfile(season, 13, groups=weekend_groups())
        found.append(ClosedForm("weekday-weekend-13", weekdays, 3 * season))
    found.append(ClosedForm(f"season-fading{end}", SeasonProfile(season, 0, 6.0), 3 * season))
    return found


def _decompositions(season: int, end: str, *, positive: bool) -> list[Candidate]:
    found: list[Candidate] = [
        Decomposition(f"stl-arima{end}", season, "arima"),
        Decomposition(f"stl-ets{end}", season, "ets"),
    ]
    if positive:
        found.append(Decomposition(f"stl-ets-log{end}", season, "ets", log=True))
    return found


def _seasonal(season: int, end: str, *, positive: bool) -> list[Candidate]:
    level = "lltrend" if season in (4, 12) else "llevel"
    found: list[Candidate] = [
        SeasonalArima(f"sarimax-101-011{end}", (1, 0, 1), (0, 1, 1, season)),
        SeasonalArima(f"sarimax-011-011{end}", (0, 1, 1), (0, 1, 1, season)),
        Ets(f"ets{end}", season),
        Structural(f"structural{end}", season, level),
    ]
    if positive:
        found.append(SeasonalArima(f"sarimax-011-011-log{end}", (0, 1, 1), (0, 1, 1, season), log=True))
    return found


def _seasonless(*, positive: bool) -> list[Candidate]:
    found: list[Candidate] = [
        SeasonalArima("arima-011", (0, 1, 1)),
        SeasonalArima("arima-011-drift", (0, 1, 1), drift=True),
        SeasonalArima("arima-212", (2, 1, 2)),
        SeasonalArima("arima-200", (2, 0, 0)),
        SeasonalArima("arima-900", (9, 0, 0)),
        Ets("ets", 1),
        Structural("structural", 1, "lltrend"),
    ]
    if positive:
        found.append(SeasonalArima("arima-110-drift-log", (1, 1, 0), log=True, drift=True))
    return found
