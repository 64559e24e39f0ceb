"""What of a series and its forecasts is drawn: the ranges of the chart, a forecast as a frame; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from backend.accuracy import LIMITS, limits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.forecast_types import Vintage
    from backend.series_calendar import Frequency

# Steps of history that the ranges of the chart show; 0 is all.
RANGES: Mapping[Frequency, tuple[int, ...]] = {
    "h": (72, 168, 672, 0),
    "D": (28, 91, 365, 0),
    "B": (20, 65, 260, 0),
    "W": (13, 52, 104, 0),
    "MS": (12, 36, 60, 0),
    "QS": (8, 20, 40, 0),
    "YS": (10, 20, 50, 0),
}


def future_frame(vintage: Vintage | None) -> pd.DataFrame:
    """A forecast as a frame: ds, mean and the limits, NaN where the model gave none."""
    rows = [(point.ds, point.mean, *limits_of(point)) for point in (vintage.points if vintage else ())]
    frame = pd.DataFrame(rows, columns=["ds", "mean", *LIMITS])
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame


def window(frames: Sequence[pd.DataFrame], steps: int, actuals: pd.DataFrame) -> list[pd.DataFrame]:
    """The frames from the last `steps` actuals on; all of them for 0."""
    if not steps or len(actuals) <= steps:
        return list(frames)
    start = actuals["ds"].iloc[-steps]
    return [frame[frame["ds"] >= start] for frame in frames]
