"""What a series of actuals is called and counted in, and how far "next" reaches at its frequency; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backend import accuracy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.accuracy import Accuracy
    from backend.actuals import Actuals
    from backend.forecast_types import Vintage
    from backend.forecasts import ForecastView
    from backend.series_calendar import Frequency

# Steps that a reader means by "next": a day of hours, a week of days, a month of weeks, three months, a year
# of quarters, three years.
NEXT_STEPS: dict[Frequency, int] = {"h": 24, "D": 7, "B": 5, "W": 4, "MS": 3, "QS": 4, "YS": 3}
HORIZONS: dict[Frequency, tuple[int, ...]] = {
    "h": (24, 48, 168),
    "D": (7, 28, 90),
    "B": (5, 20, 65),
    "W": (4, 13, 52),
    "MS": (3, 12, 24),
    "QS": (4, 8, 12),
    "YS": (3, 5, 10),
}
# Steps of history that the ranges of the chart show; 0 is all.
RANGES: dict[Frequency, tuple[int, ...]] = {
    "h": (72, 168, 672, 0),
    "D": (28, 91, 365, 0),
    "B": (20, 65, 260, 0),
    "W": (13, 52, 104, 0),
    "MS": (12, 36, 60, 0),
    "QS": (8, 20, 40, 0),
    "YS": (10, 20, 50, 0),
}
# Lead times of the accuracy table; past origins are a season apart, so that a lead of one step would compare
# the same weekday (or month) only.
LEADS: dict[Frequency, tuple[int, ...]] = {
    "h": (24, 48, 168),
    "D": (7, 14, 28, 90),
    "B": (5, 10, 20, 65),
    "W": (4, 13, 52),
    "MS": (3, 12, 24),
    "QS": (4, 8, 12),
    "YS": (3, 5, 10),
}
LIMITS = tuple(f"{side}_{level}" for level in accuracy.LEVELS for side in ("lower", "upper"))


@dataclass(frozen=True)
class Outlook:
    """The next steps in figures, in the series' unit; `change` is against as many steps just before (share).

    `low` and `high` span the 80 % limits of all the steps, so that each step's own band lies inside them;
    `high` is None when the model gives no limits, `low` also when it is below what the series can be.
    """

    steps: int
    average: float
    low: float | None
    high: float | None
    change: float | None


@dataclass(frozen=True)
class Record:
    """How right the past forecasts were: over the first `NEXT_STEPS`, by lead time, and step by step."""

    near: Accuracy | None
    by_lead: tuple[tuple[int, Accuracy], ...]
    said: pd.DataFrame


def outlook(series: Actuals, future: Vintage) -> Outlook:
    """What the forecast says about the next steps."""
    points = [point for point in future.points if point.ds > series.origin][: NEXT_STEPS[series.frequency]]
    before = series.frame["y"].iloc[-len(points) :] if points else series.frame["y"].iloc[:0]
    average = float(np.mean([point.mean for point in points])) if points else float("nan")
    previous = float(before.mean()) if len(before) else 0.0
    lows = [point.lower[80] for point in points if 80 in point.lower]
    highs = [point.upper[80] for point in points if 80 in point.upper]
    low = min(lows, default=None)
    if low is not None and low <= 0 and (series.frame["y"] >= 0).all():
        low = None  # a limit that no value can fall below says nothing
    return Outlook(
        steps=len(points),
        average=average,
        low=low,
        high=max(highs, default=None),
        change=average / previous - 1 if previous > 0 else None,
    )


def record(view: ForecastView) -> Record:
    """The errors of the past forecasts that the view holds."""
    series = view.actuals
    table = accuracy.pairs(series.frame, view.past)
    scale = accuracy.naive_scale(series.frame["y"], series.season)
    near = table[table["lead"] <= NEXT_STEPS[series.frequency]]
    return Record(
        near=accuracy.measure(near, scale),
        by_lead=tuple(accuracy.by_lead_time(table, scale, LEADS[series.frequency])),
        said=accuracy.newest_per_step(table),
    )


def future_frame(vintage: Vintage | None) -> pd.DataFrame:
    """A forecast as a frame: ds, mean and the limits, NaN where the model gave none."""
    rows = [
        (
            point.ds,
            point.mean,
            *(
                limits.get(level, np.nan)
                for level in accuracy.LEVELS
                for limits in (point.lower, point.upper)
            ),
        )
        for point in (vintage.points if vintage else ())
    ]
    frame = pd.DataFrame(rows, columns=["ds", "mean", *LIMITS])
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame


def misses(said: pd.DataFrame, level: int) -> pd.DataFrame:
    """The steps whose actual lay outside the band that had been said for them."""
    outside = (said["y"] < said[f"lower_{level}"]) | (said["y"] > said[f"upper_{level}"])
    return said.loc[outside, ["ds", "y"]]


def window(frames: Sequence[pd.DataFrame], steps: int, actuals: pd.DataFrame) -> list[pd.DataFrame]:
    """The frames from the last `steps` actuals on; all of them for 0."""
    if not steps or len(actuals) <= steps:
        return list(frames)
    start = actuals["ds"].iloc[-steps]
    return [frame[frame["ds"] >= start] for frame in frames]
