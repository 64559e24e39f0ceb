"""The mean of each position in the season over the last cycles: a regression on season dummies.

Ordinary least squares on one dummy a position, over a window that slides along with the origin, has this
closed form; with one position it is the mean. Older cycles may weigh less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Outlook, last, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Observed, Positions, Setting, Vector


@dataclass(frozen=True)
class SeasonProfile:
    """`season` positions, the last `cycles` of them (0: all).

    A cycle's weight halves every `half_life` cycles (0: all weigh the same). Positions of one group share a
    mean; `groups` (season,) is empty when each position has its own.
    """

    KIND: ClassVar[str] = "season-profile"
    anchored: ClassVar[bool] = False

    season: int
    cycles: int = 0
    half_life: float = 0.0
    groups: tuple[int, ...] = ()

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        positions = self._grouped(observed.positions(self.season))
        return [self._outlook(observed, positions, end, horizon, window) for end in ends]

    def _outlook(
        self, observed: Observed, positions: Positions, end: int, horizon: int, window: int
    ) -> Outlook:
        begin = max(0, end - self.cycles * self.season) if self.cycles else 0
        values, places = observed.values[begin:end], positions[begin:end]
        known = ~np.isnan(values)
        if not known.any():
            raise FloatingPointError("there is no value to take a mean of")
        weights = known * self._weights(values.size)
        filled = np.where(known, values, 0.0)
        weight = np.bincount(places, weights, self.season)
        squared = np.bincount(places, weights * weights, self.season)
        total = np.bincount(places, weights * filled, self.season)
        overall = float(total.sum() / weight.sum())
        seen = weight > 0
        means = np.where(seen, total / np.where(seen, weight, 1.0), overall)
        # A mean of k values is nearer to each of them than to a new one, by (k - 1) / (k + 1) in variance.
        count = np.where(seen, weight * weight / np.where(seen, squared, 1.0), 1.0)
        wider = np.sqrt((count + 1) / np.maximum(count - 1, 0.5))
        errors = (values - means[places]) * wider[places]
        errors[count[places] < 2] = np.nan
        recent = last(errors, errors.size, window)
        return Outlook(
            mean=means[self._grouped(observed.ahead(end, horizon, self.season))],
            scale=np.full(horizon, spread_of(recent)),
            fitted=last(means[places], errors.size, window),
            errors=recent,
        )

    def _grouped(self, positions: Positions) -> Positions:
        return np.array(self.groups)[positions] if self.groups else positions

    def _weights(self, size: int) -> Vector:
        if not self.half_life:
            return np.ones(size)
        age = np.arange(size - 1, -1, -1) // self.season
        return np.asarray(0.5 ** (age / self.half_life), dtype=np.float64)

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {
            "season": self.season,
            "cycles": self.cycles,
            "half_life": self.half_life,
            "grouped": bool(self.groups),
        }

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {"groups": np.array(self.groups, dtype=np.float64)} if self.groups else {}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return ()
