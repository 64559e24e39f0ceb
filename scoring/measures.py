"""How good forecasts were: errors, CRPS and coverage, per step and summed up.

CRPS is twice the mean pinball loss over the quantiles 0.05, 0.10, ... 0.95 (Gneiting and Raftery 2007);
MASE divides by the mean absolute error of the seasonal naive forecast on the series up to the first origin
(Hyndman and Koehler 2006). Errors are forecast minus actual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from .intervals import Intervals
    from .kinds.outlook import Observed, Outlook, Positions, Vector

    Mask = npt.NDArray[np.bool_]

LEVELS = (80, 95)
PROBABILITIES = tuple(step / 20 for step in range(1, 20))
_LIMITS = (0.025, 0.1, 0.9, 0.975)
_ALL = tuple(sorted((*PROBABILITIES, 0.025, 0.975)))
_PINBALL_COLUMNS = [_ALL.index(probability) for probability in PROBABILITIES]
_LOWER_95, _LOWER_80, _UPPER_80, _UPPER_95 = (_ALL.index(probability) for probability in _LIMITS)


@dataclass(frozen=True)
class Judged:
    """A forecast beside what came, one entry a step whose actual is known.

    `leads` from 1, `places` in the calendar, `errors` and `crps` in the series' unit, `inside` (2, steps)
    whether the actual was within the 80 and the 95 % limits.
    """

    leads: Positions
    places: Positions
    actual: Vector
    errors: Vector
    crps: Vector
    inside: Vector

    def chosen(self, mask: Mask) -> Judged:
        """Only the steps where `mask` is true."""
        return Judged(
            self.leads[mask],
            self.places[mask],
            self.actual[mask],
            self.errors[mask],
            self.crps[mask],
            self.inside[:, mask],
        )


@dataclass(frozen=True)
class Figures:
    """Sums over judged steps; `r2` and `mase` are None where nothing varies, coverage by level in percent."""

    count: int
    rmse: float
    mae: float
    bias: float
    crps: float
    r2: float | None
    mase: float | None
    coverage: dict[int, float]


def judge(outlook: Outlook, intervals: Intervals, observed: Observed, origin: int, known: int) -> Judged:
    """Hold the outlook from `origin` (a count of values) against the values that are known: `known` of them.

    With `known` equal to the origin nothing is left to judge, and the result is empty.
    """
    steps = max(0, min(outlook.mean.size, known - origin))
    actual = observed.values[origin : origin + steps]
    quantiles = intervals.quantiles(outlook, observed.first + origin - 1, _ALL)[:steps]
    beyond = actual[:, np.newaxis] - quantiles[:, _PINBALL_COLUMNS]
    levels = np.array(PROBABILITIES)
    pinball = np.maximum(levels * beyond, (levels - 1) * beyond)
    inside = [
        (actual >= quantiles[:, low]) & (actual <= quantiles[:, high])
        for low, high in ((_LOWER_80, _UPPER_80), (_LOWER_95, _UPPER_95))
    ]
    return Judged(
        leads=np.arange(1, steps + 1),
        places=observed.first + origin + np.arange(steps),
        actual=actual,
        errors=intervals.mean(outlook)[:steps] - actual,
        crps=2 * pinball.mean(axis=1),
        inside=np.array(inside),
    )


def together(judged: Sequence[Judged]) -> Judged:
    """The steps of several as one."""
    return Judged(
        leads=np.concatenate([one.leads for one in judged]),
        places=np.concatenate([one.places for one in judged]),
        actual=np.concatenate([one.actual for one in judged]),
        errors=np.concatenate([one.errors for one in judged]),
        crps=np.concatenate([one.crps for one in judged]),
        inside=np.concatenate([one.inside for one in judged], axis=1),
    )


def figures(judged: Judged, scale: float | None) -> Figures | None:
    """The figures of judged steps, None without any; `scale` as `naive_scale` gives it."""
    if not judged.actual.size:
        return None
    mae = float(np.mean(np.abs(judged.errors)))
    squares = float(np.sum(judged.errors**2))
    spread = float(np.sum((judged.actual - judged.actual.mean()) ** 2))
    return Figures(
        count=judged.actual.size,
        rmse=float(np.sqrt(squares / judged.actual.size)),
        mae=mae,
        bias=float(np.mean(judged.errors)),
        crps=float(np.mean(judged.crps)),
        r2=1 - squares / spread if spread > 0 else None,
        mase=mae / scale if scale else None,
        coverage={level: float(judged.inside[row].mean()) for row, level in enumerate(LEVELS)},
    )


def naive_scale(values: Vector, season: int) -> float | None:
    """Mean absolute error of the seasonal naive forecast within the values; None when too few, or zero."""
    if values.size <= season:
        return None
    return float(np.mean(np.abs(values[season:] - values[:-season]))) or None
