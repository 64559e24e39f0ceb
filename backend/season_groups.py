"""Which steps of a season are alike in how sure a forecast of them is: weekdays and weekends, quiet hours.

The groups are those by which models are trained to make their limits, found from the actuals in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from backend.actuals import Actuals

Group = Literal["all", "weekday", "weekend", "steady", "between", "changing"]

DAYS: tuple[Group, ...] = ("weekday", "weekend")
HOURS: tuple[Group, ...] = ("steady", "between", "changing")
SATURDAY = 5


def season_groups(series: Actuals, moments: pd.Series) -> tuple[tuple[Group, ...], npt.NDArray[np.int64]]:
    """The series' groups, and the place in them of each moment (n,).

    Days are weekdays or weekends; hours of the day are in three groups of the same size, from the steadiest
    to those that change most from day to day; other steps are all alike.
    """
    clock = pd.DatetimeIndex(moments)
    if series.frequency == "D":
        return DAYS, (clock.day_of_week.to_numpy() >= SATURDAY).astype(np.int64)
    if series.frequency == "h":
        return HOURS, _hour_groups(series)[clock.hour.to_numpy()]
    return ("all",), np.zeros(len(clock), dtype=np.int64)


def _hour_groups(series: Actuals) -> npt.NDArray[np.int64]:
    """The group of each hour of the day, (24,)."""
    hours = pd.DatetimeIndex(series.frame["ds"]).hour.to_numpy()
    values = series.frame["y"].to_numpy(dtype=float)
    spreads = np.array([values[hours == hour].std() if (hours == hour).any() else 0.0 for hour in range(24)])
    ranks = np.argsort(np.argsort(spreads, kind="stable"), kind="stable")
    return np.asarray(ranks * len(HOURS) // 24, dtype=np.int64)
