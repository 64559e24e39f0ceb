"""The value of one season ago, again; with a season of 1, the last value: the floor any model must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Outlook, last, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Observed, Setting, Vector


@dataclass(frozen=True)
class SeasonalNaive:
    """Repeats the last `season` values; a value that nobody saw is replaced by the one a season before."""

    KIND: ClassVar[str] = "seasonal-naive"
    anchored: ClassVar[bool] = False

    season: int

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        filled = self._carried(observed.values)
        before = np.concatenate([np.full(self.season, np.nan), filled])[: filled.size]
        errors = observed.values - before
        steps = np.arange(horizon)
        growth = np.sqrt(steps // self.season + 1)
        found = []
        for end in ends:
            known = filled[max(0, end - self.season) : end]
            if not np.isfinite(known).any():
                raise FloatingPointError("there is no value to repeat")
            cycle = np.full(self.season, np.nanmean(known))
            cycle[self.season - known.size :] = np.where(np.isnan(known), cycle[0], known)
            recent = last(errors, end, window)
            found.append(
                Outlook(
                    mean=cycle[steps % self.season],
                    scale=spread_of(recent) * growth,
                    fitted=last(before, end, window),
                    errors=recent,
                )
            )
        return found

    def _carried(self, values: Vector) -> Vector:
        if not np.isnan(values).any():
            return values
        filled = values.copy()
        for row in np.flatnonzero(np.isnan(values)):
            if row >= self.season:
                filled[row] = filled[row - self.season]
        return filled

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {"season": self.season}

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return ()
