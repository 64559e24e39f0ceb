"""A forecast as quantiles: what CRPS and the limits of 80 and 95 % are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peer_forecasts import Forecast

if TYPE_CHECKING:
    from benchmarks.series_collections import Values

# The 19 of the pinball loss, and the limits of 95 %.
PINBALL = tuple(np.round(np.arange(0.05, 1.0, 0.05), 2).tolist())
PROBABILITIES = (0.025, *PINBALL, 0.975)
LIMITS = {80: (0.1, 0.9), 95: (0.025, 0.975)}


@dataclass(frozen=True, eq=False)
class QuantileForecast:
    """From one origin (rows seen): mean (horizon,), quantiles (horizon, 21) at PROBABILITIES, seconds."""

    origin: int
    mean: Values
    quantiles: Values
    seconds: float = 0.0

    def quantile(self, probability: float) -> Values:
        """The quantile (horizon,) at one of PROBABILITIES."""
        column: Values = self.quantiles[:, PROBABILITIES.index(probability)]
        return column

    def with_limits(self) -> Forecast:
        """The same as a forecast with the limits of 80 and 95 %."""
        return Forecast(
            origin=self.origin,
            mean=self.mean,
            lower={level: self.quantile(lower) for level, (lower, _) in LIMITS.items()},
            upper={level: self.quantile(upper) for level, (_, upper) in LIMITS.items()},
            seconds=self.seconds,
        )
