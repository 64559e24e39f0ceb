"""Which positions in a season are alike in how sure a forecast is: weekdays and weekends, quiet hours, ..."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .frequency import frequency_of

if TYPE_CHECKING:
    from .kinds.outlook import Observed, Positions

FEWEST_ERRORS = 20
"""A group has about so many errors at least, or the season is not split."""
_HOUR_GROUPS = 3


@dataclass(frozen=True)
class SeasonGroups:
    """`groups` (season,) by position in the season, and the groups' names."""

    groups: tuple[int, ...]
    names: tuple[str, ...]

    def of(self, places: Positions) -> Positions:
        """The group of each calendar place."""
        return np.array(self.groups)[places % len(self.groups)]


ONE_GROUP = SeasonGroups((0,), ("all",))


def weekend_groups() -> tuple[int, ...]:
    """Of each day of the week, by its place in the daily calendar: 1 for Saturday and Sunday, else 0."""
    daily = frequency_of("D")
    return tuple(int(daily.moment(7 * 100_000 + position).weekday() >= 5) for position in range(7))


def season_groups(frequency: str, season: int, observed: Observed, window: int) -> SeasonGroups:
    """The groups of a series, by what was observed of it; one where the errors in `window` are too few."""
    if frequency == "D":
        found = SeasonGroups(weekend_groups(), ("weekday", "weekend"))
    elif frequency == "h":
        found = _hours(season, observed)
    else:
        return ONE_GROUP
    smallest = min(found.groups.count(group) for group in range(len(found.names))) / len(found.groups)
    return found if smallest * min(window, observed.values.size) >= FEWEST_ERRORS else ONE_GROUP


def _hours(season: int, observed: Observed) -> SeasonGroups:
    """The hours of a season in three groups of the same size, from the quietest to the most variable."""
    seen = ~np.isnan(observed.values)
    values, positions = observed.values[seen], observed.positions(season)[seen]
    by_position = [values[positions == position] for position in range(season)]
    spreads = np.array([own.std() if own.size else 0.0 for own in by_position])
    ranks = np.argsort(np.argsort(spreads, kind="stable"), kind="stable")
    groups = tuple((ranks * _HOUR_GROUPS // season).tolist())
    return SeasonGroups(groups, tuple(f"group-{number + 1}" for number in range(_HOUR_GROUPS)))
