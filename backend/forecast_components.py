"""What a forecast is made of, as far as its values show: a level and a season profile, beside those of what
came before (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from backend.actuals import Actuals
    from backend.forecast_types import Vintage
    from backend.series_calendar import Frequency

    Vector = npt.NDArray[np.float64]

PROFILE_SEASONS = 13


@dataclass(frozen=True)
class Position:
    """One position in the season (weekday from 0, hour, month from 1, ...): deviations from the levels."""

    number: int
    forecast: float
    actual: float


@dataclass(frozen=True)
class Components:
    """A forecast's mean and its profile, beside those of the actuals of the last `seasons`."""

    level: float
    actual_level: float
    seasons: int
    profile: tuple[Position, ...]


def components(vintage: Vintage, series: Actuals) -> Components | None:
    """The forecast's level and season profile over its whole seasons, beside those of what came before.

    None where a season has one step, and where the forecast or the actuals are shorter than a season.
    """
    season = series.season
    steps = len(vintage.points) // season * season
    seasons = min(PROFILE_SEASONS, len(series.frame) // season)
    if season == 1 or not steps or not seasons:
        return None
    recent = series.frame.iloc[-seasons * season :]
    said = _profile(
        series.frequency,
        pd.DatetimeIndex([point.ds for point in vintage.points[:steps]]),
        np.array([point.mean for point in vintage.points[:steps]]),
    )
    came = _profile(series.frequency, pd.DatetimeIndex(recent["ds"]), recent["y"].to_numpy(dtype=float))
    shared = [number for number in said if number in came]
    level = float(np.mean([said[number] for number in shared]))
    actual_level = float(np.mean([came[number] for number in shared]))
    return Components(
        level,
        actual_level,
        seasons,
        tuple(
            Position(number, said[number] - level, came[number] - actual_level) for number in sorted(shared)
        ),
    )


def _profile(frequency: Frequency, moments: pd.DatetimeIndex, values: Vector) -> dict[int, float]:
    """The mean of each position in the season."""
    numbers = position_numbers(frequency, moments)
    return {int(number): float(values[numbers == number].mean()) for number in np.unique(numbers)}


def position_numbers(frequency: Frequency, moments: pd.DatetimeIndex) -> npt.NDArray[np.int64]:
    """Weekday (0 to 6), hour, ISO week, month or quarter of each moment; 0 where a season has one step."""
    if frequency in ("D", "B"):
        found = moments.day_of_week.to_numpy()
    elif frequency == "h":
        found = moments.hour.to_numpy()
    elif frequency == "W":
        found = moments.isocalendar()["week"].to_numpy()
    elif frequency == "MS":
        found = moments.month.to_numpy()
    elif frequency == "QS":
        found = moments.quarter.to_numpy()
    else:
        found = np.zeros(len(moments))
    return found.astype(np.int64)
