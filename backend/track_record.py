"""How the past forecasts of a series did: over the next steps, the last one, and where they missed (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend import accuracy
from backend.horizons import NEXT_STEPS
from backend.notes import without

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import pandas as pd

    from backend.accuracy import Accuracy
    from backend.forecasts import ForecastView


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
    return Last(len(newest), expected / came - 1 if came > 0 else None, accuracy.count_inside(newest, 80))


def misses(said: pd.DataFrame, level: int) -> pd.DataFrame:
    """The steps whose actual lay outside the band that had been said for them: ds, y."""
    outside: pd.DataFrame = said.loc[accuracy.inside_band(said, level) == 0, ["ds", "y"]]
    return outside
