"""What a series of actuals is called and counted in, and how far "next" reaches at its frequency; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backend import accuracy
from backend.notes import without

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

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
LIMITS = tuple(f"{side}_{level}" for level in accuracy.LEVELS for side in ("lower", "upper"))


# The far end of the near future: a month of days, a quarter of weeks, a year of months.
FAR_STEPS: dict[Frequency, int] = {frequency: steps[1] for frequency, steps in HORIZONS.items()}
# The same steps a year ago, on the same weekdays; quarters and years are compared with the step before.
YEAR_STEPS: dict[Frequency, int] = {"h": 8_736, "D": 364, "B": 260, "W": 52, "MS": 12, "QS": 4}
# What is added up over days when people speak of a week of it; anything else is told as an average.
SUMS = (
    "revenue",
    "sales",
    "orders",
    "quantity",
    "turnover",
    "units",
    "visits",
    "transactions",
    "売上",
    "数量",
)
AVERAGES = ("adventureworks_daily",)  # series of ours whose column would say otherwise
LEAST_TOTALS = 9  # past totals from which nine in ten can be told


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


@dataclass(frozen=True)
class Last:
    """How the newest past forecast did over the steps that have come: off by a share, and how many inside."""

    steps: int
    off: float | None
    inside: int | None


@dataclass(frozen=True)
class Record:
    """How right the past forecasts were over the first `NEXT_STEPS`, and step by step.

    `pairs` is every forecast value beside what came (backend.accuracy.pairs) but for the `left_out` steps
    that notes leave out; `judged` has the newest forecast of each step of these, `said` of all steps.
    """

    near: Accuracy | None
    said: pd.DataFrame
    judged: pd.DataFrame
    pairs: pd.DataFrame
    left_out: int
    last: Last | None


def adds_up(series: Actuals) -> bool:
    """Whether a week of it is the sum of its days: revenue is, an average payment is not."""
    column = series.value_column.lower()
    return series.name not in AVERAGES and any(word in column for word in SUMS)


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
    off = _sums_off(past, count) if past is not None and count else None
    return Outlook(
        steps=count,
        average=average,
        low=low,
        high=max(highs, default=None),
        change=_change(average, values[-count:] if count else values[:0]),
        year_change=_year_change(series.frequency, average, values, count),
        total_low=average * count * off[0] if off else None,
        total_high=average * count * off[1] if off else None,
    )


def _change(average: float, before: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    previous = float(before.mean()) if len(before) else 0.0
    return average / previous - 1 if previous > 0 else None


def _year_change(
    frequency: Frequency,
    average: float,
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    count: int,
) -> float | None:
    """Against the steps that lie a year before the next ones; None where they aren't all known."""
    year = YEAR_STEPS.get(frequency)
    if year is None or not count or len(values) < year or count > year:
        return None
    begin = len(values) - year
    return _change(average, values[begin : begin + count])


def _sums_off(past: pd.DataFrame, steps: int) -> tuple[float, float] | None:
    """Between which multiples of its forecast a sum over so many steps came to lie, in four cases of five.

    The ranks are those of split conformal prediction (Lei et al. 2018), so that nothing is assumed of how
    the errors of the days in one sum hang together. None with too few past sums, or any at or below zero.
    """
    within = past[past["lead"] <= steps]
    sums = within.groupby("origin").agg(count=("y", "size"), y=("y", "sum"), mean=("mean", "sum"))
    whole = sums[sums["count"] == steps]
    if len(whole) < LEAST_TOTALS or (whole["mean"] <= 0).any() or (whole["y"] < 0).any():
        return None
    ratios = np.sort((whole["y"] / whole["mean"]).to_numpy(dtype=float))
    rank = int(np.ceil((len(ratios) + 1) * 0.9))
    return float(ratios[len(ratios) - rank]), float(ratios[rank - 1])


def record(view: ForecastView, left_out: Sequence[tuple[datetime, datetime]] = ()) -> Record:
    """The errors of the past forecasts that the view holds, but for the ranges of steps that are left out."""
    series = view.actuals
    table = accuracy.pairs(series.frame, view.past)
    said = accuracy.newest_per_step(table)
    kept = without(table, left_out)
    judged = without(said, left_out)
    near = kept[kept["lead"] <= NEXT_STEPS[series.frequency]]
    return Record(
        near=accuracy.measure(near, accuracy.naive_scale(series.frame["y"], series.season)),
        said=said,
        judged=judged,
        pairs=kept,
        left_out=len(said) - len(judged),
        last=last_forecast(near),
    )


def last_forecast(near: pd.DataFrame) -> Last | None:
    """How the newest forecast in a table of pairs did; None for an empty one."""
    if near.empty:
        return None
    newest = near[near["origin"] == near["origin"].max()]
    expected, came = float(newest["mean"].sum()), float(newest["y"].sum())
    limited = newest["upper_80"].notna().all()
    inside = int(newest["y"].between(newest["lower_80"], newest["upper_80"]).sum()) if limited else None
    return Last(len(newest), expected / came - 1 if came > 0 else None, inside)


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
