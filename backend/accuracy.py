"""How right the forecasts were: errors, bias and coverage, overall and by lead time.

Formulas as in Hyndman and Koehler (2006), "Another look at measures of forecast accuracy"; error is forecast
minus actual, so that a positive bias means the forecast was too high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from backend.forecast_types import ForecastPoint, Vintage

    Vector = npt.NDArray[np.float64]

LEVELS = (80, 95)  # of the bands that endpoints are asked for
LIMITS = tuple(f"{side}_{level}" for level in LEVELS for side in ("lower", "upper"))


@dataclass(frozen=True)
class Accuracy:
    """Errors over `count` pairs, in the series' unit where not said otherwise.

    `wape` and `coverage` are shares of 1; `mase` is relative to the in-sample seasonal naive forecast, `r2`
    to the mean of the actuals; both are None where their denominator is zero.
    """

    count: int
    rmse: float
    mae: float
    bias: float
    wape: float | None
    mase: float | None
    r2: float | None
    coverage: Mapping[int, float]


def pairs(actuals: pd.DataFrame, vintages: Iterable[Vintage]) -> pd.DataFrame:
    """Every forecast value beside what came, one row each.

    Columns: ds, origin, lead (steps, from 1), y, mean, lower_80, upper_80, lower_95, upper_95 (NaN where the
    model gave no limits). Steps whose actual isn't known yet are left out.
    """
    rows = [
        (point.ds, vintage.origin, lead, point.mean, *limits_of(point))
        for vintage in vintages
        for lead, point in enumerate(vintage.points, start=1)
    ]
    table = pd.DataFrame(rows, columns=["ds", "origin", "lead", "mean", *LIMITS])
    table["ds"] = pd.to_datetime(table["ds"])
    table["origin"] = pd.to_datetime(table["origin"])
    table = table.merge(actuals[["ds", "y"]], on="ds", how="inner")
    return table[["ds", "origin", "lead", "y", "mean", *LIMITS]].sort_values(
        ["origin", "lead"], ignore_index=True
    )


def limits_of(point: ForecastPoint) -> tuple[float, ...]:
    """A point's values of `LIMITS`, NaN where the model gave none."""
    return tuple(limits.get(level, np.nan) for level in LEVELS for limits in (point.lower, point.upper))


def newest_per_step(table: pd.DataFrame) -> pd.DataFrame:
    """Of several forecasts of one step, the one with the shortest lead time."""
    return table.sort_values("lead").drop_duplicates("ds").sort_values("ds", ignore_index=True)


def inside_band(table: pd.DataFrame, level: int) -> Vector:
    """1 for each actual inside its band, 0 outside, NaN where it has none; (rows,)."""
    actual = table["y"].to_numpy(dtype=float)
    lower, upper = (table[f"{side}_{level}"].to_numpy(dtype=float) for side in ("lower", "upper"))
    limited = ~(np.isnan(lower) | np.isnan(upper))
    return np.where(limited, (actual >= lower) & (actual <= upper), np.nan)


def count_inside(table: pd.DataFrame, level: int) -> int | None:
    """How many actuals lie inside their bands; None where one has no band, or there is no row."""
    inside = inside_band(table, level)
    return int(inside.sum()) if len(inside) and not np.isnan(inside).any() else None


def naive_scale(values: Sequence[float] | pd.Series[float], season: int) -> float | None:
    """Mean absolute error of the seasonal naive forecast on the series itself; None when too short or 0."""
    series = np.asarray(values, dtype=float)
    if len(series) <= season:
        return None
    scale = float(np.mean(np.abs(series[season:] - series[:-season])))
    return scale or None


def measure(table: pd.DataFrame, scale: float | None) -> Accuracy | None:
    """The errors of a table of pairs, or None when it is empty; `scale` as `naive_scale` gives it."""
    if table.empty:
        return None
    actual = table["y"].to_numpy(dtype=float)
    error = table["mean"].to_numpy(dtype=float) - actual
    mae = float(np.mean(np.abs(error)))
    spread = float(np.sum((actual - actual.mean()) ** 2))
    volume = float(np.sum(np.abs(actual)))
    return Accuracy(
        count=len(table),
        rmse=float(np.sqrt(np.mean(error**2))),
        mae=mae,
        bias=float(np.mean(error)),
        wape=float(np.sum(np.abs(error))) / volume if volume else None,
        mase=mae / scale if scale else None,
        r2=1 - float(np.sum(error**2)) / spread if spread else None,
        coverage={level: share for level in LEVELS if (share := _coverage(table, level)) is not None},
    )


def by_lead_span(
    table: pd.DataFrame, scale: float | None, spans: Sequence[tuple[int, int]]
) -> list[tuple[tuple[int, int], Accuracy]]:
    """The errors of the lead times from a first to a last one, for each span that anything was judged in."""
    found: list[tuple[tuple[int, int], Accuracy]] = []
    for first, last in spans:
        accuracy = measure(table[(table["lead"] >= first) & (table["lead"] <= last)], scale)
        if accuracy is not None:
            found.append(((first, last), accuracy))
    return found


def _coverage(table: pd.DataFrame, level: int) -> float | None:
    inside = inside_band(table, level)
    inside = inside[~np.isnan(inside)]
    return float(inside.mean()) if inside.size else None
