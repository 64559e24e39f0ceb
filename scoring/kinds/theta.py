"""The theta method: simple exponential smoothing plus half the slope of the trend line.

As Hyndman and Billah (2003), "Unmasking the Theta method", and statsmodels' ThetaModel write it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Outlook, last, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Observed, Positions, Setting, Vector

_TREND_WEIGHT = 0.5


@dataclass(frozen=True)
class Theta:
    """`alpha` smooths the level, which begins at the first value; `slope` is the trend line's, a step."""

    KIND: ClassVar[str] = "theta"
    anchored: ClassVar[bool] = True

    alpha: float
    slope: float

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        levels = self._levels(observed.values)
        growth = np.sqrt(1 + self.alpha * self.alpha * np.arange(horizon))
        steps = np.arange(horizon)
        counts = np.arange(observed.values.size)
        fitted = levels[:-1] + self._drift(counts, np.zeros_like(counts))
        errors = observed.values - fitted
        found = []
        for end in ends:
            if levels[end] != levels[end]:
                raise FloatingPointError("there is no value to smooth")
            recent = last(errors, end, window)
            found.append(
                Outlook(
                    mean=levels[end] + self._drift(np.full(horizon, end), steps),
                    scale=spread_of(recent) * growth,
                    fitted=last(fitted, end, window),
                    errors=recent,
                )
            )
        return found

    def _drift(self, counts: Positions, steps: Positions) -> Vector:
        """What the slope adds after so many values, so many steps further ahead than the first."""
        behind = (1 - (1 - self.alpha) ** counts) / self.alpha if self.alpha > 0 else counts
        return np.asarray(_TREND_WEIGHT * self.slope * (steps + behind), dtype=np.float64)

    def _levels(self, values: Vector) -> Vector:
        """The level before each value and after the last, (n + 1,); NaN before any value was seen."""
        level = float("nan")
        levels = [level]
        for value in values.tolist():
            if value == value:
                level = value if level != level else level + self.alpha * (value - level)
            levels.append(level)
        return np.array(levels)

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {"alpha": self.alpha, "slope": self.slope}

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return ()
