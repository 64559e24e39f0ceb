"""What a forecast says about the next steps in figures: average, limits, total, and changes (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.horizons import NEXT_STEPS, YEAR_STEPS
from backend.totals import total_ratios

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from backend.actuals import Actuals
    from backend.forecast_types import Vintage
    from backend.series_calendar import Frequency

    Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """The next steps in figures, in the series' unit; changes are shares: against as many steps just before,
    and against the same steps a year ago (None without them).

    `low` and `high` span the 80 % limits of all the steps, so that each step's own band lies inside them;
    `high` is None when the model gives no limits, `low` also when it is below what the series can be.
    `total_low` and `total_high` hold the sum in four cases of five, by how far off past sums were.
    """

    steps: int
    average: float
    low: float | None
    high: float | None
    change: float | None
    year_change: float | None = None
    total_low: float | None = None
    total_high: float | None = None

    @property
    def total(self) -> float:
        """The sum over the steps."""
        return self.average * self.steps


def outlook(
    series: Actuals, future: Vintage, steps: int | None = None, past: pd.DataFrame | None = None
) -> Outlook:
    """What the forecast says about the next steps; `past` are the pairs of past forecasts."""
    wanted = steps or NEXT_STEPS[series.frequency]
    points = [point for point in future.points if point.ds > series.origin][:wanted]
    values = series.frame["y"].to_numpy(dtype=float)
    count = len(points)
    average = float(np.mean([point.mean for point in points])) if points else float("nan")
    lows = [point.lower[80] for point in points if 80 in point.lower]
    highs = [point.upper[80] for point in points if 80 in point.upper]
    low = min(lows, default=None)
    if low is not None and low <= 0 and (values >= 0).all():
        low = None  # a limit that no value can fall below says nothing
    ratios = total_ratios(past, count) if past is not None and count else None
    return Outlook(
        steps=count,
        average=average,
        low=low,
        high=max(highs, default=None),
        change=_change(average, values[-count:] if count else values[:0]),
        year_change=_year_change(series.frequency, average, values, count),
        total_low=average * count * ratios[0] if ratios else None,
        total_high=average * count * ratios[1] if ratios else None,
    )


def _change(average: float, before: Vector) -> float | None:
    previous = float(before.mean()) if len(before) else 0.0
    return average / previous - 1 if previous > 0 else None


def _year_change(frequency: Frequency, average: float, values: Vector, count: int) -> float | None:
    """Against the steps that lie a year before the next ones; None where they aren't all known."""
    year = YEAR_STEPS.get(frequency)
    if year is None or not count or len(values) < year or count > year:
        return None
    begin = len(values) - year
    return _change(average, values[begin : begin + count])
