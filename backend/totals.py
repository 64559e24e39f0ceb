"""Sums over steps: whether a series has any, and how far off past forecasts of them were (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from backend.actuals import Actuals

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


def adds_up(series: Actuals) -> bool:
    """Whether a week of it is the sum of its days: revenue is, an average payment is not."""
    column = series.value_column.lower()
    return series.name not in AVERAGES and any(word in column for word in SUMS)


def total_ratios(past: pd.DataFrame, steps: int) -> tuple[float, float] | None:
    """Between which multiples of its forecast a sum over so many steps came to lie, in four cases of five.

    `past` are pairs of past forecasts (`backend.accuracy.pairs`). The ranks are those of split conformal
    prediction (Lei et al. 2018), so that nothing is assumed of how the errors of the days in one sum hang
    together. None with too few past sums, or any at or below zero.
    """
    within = past[past["lead"] <= steps]
    sums = within.groupby("origin").agg(count=("y", "size"), y=("y", "sum"), mean=("mean", "sum"))
    whole = sums[sums["count"] == steps]
    if len(whole) < LEAST_TOTALS or (whole["mean"] <= 0).any() or (whole["y"] < 0).any():
        return None
    ratios = np.sort((whole["y"] / whole["mean"]).to_numpy(dtype=float))
    rank = int(np.ceil((len(ratios) + 1) * 0.9))
    return float(ratios[len(ratios) - rank]), float(ratios[rank - 1])
