"""Two sets of forecasts of one series: which was closer so far, and how they differ ahead (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import bdtr

from backend.accuracy import newest_per_step, pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backend.forecast_types import Vintage
    from backend.series_calendar import Frequency

# How far back "then" lies: about a month, where steps are short enough; else so that both still share steps.
BACK: Mapping[Frequency, timedelta] = {
    "h": timedelta(days=4),
    "D": timedelta(days=28),
    "B": timedelta(days=28),
    "W": timedelta(days=28),
    "MS": timedelta(days=91),
    "QS": timedelta(days=365),
    "YS": timedelta(days=730),
}
CHANCE = 0.05


@dataclass(frozen=True)
class Closer:
    """The steps that two sets of forecasts share, made from the same origins: each one's mean absolute error,
    and on how many steps it was the closer one; `told_apart` says that this is no chance."""

    count: int
    first_error: float
    second_error: float
    first_closer: int
    second_closer: int
    told_apart: bool


@dataclass(frozen=True)
class Ahead:
    """What two forecasts say of the same steps: `steps` has ds, first, second, difference (first less
    second)."""

    steps: pd.DataFrame

    @property
    def first_total(self) -> float:
        """The sum of the first forecast."""
        return float(self.steps["first"].sum())

    @property
    def second_total(self) -> float:
        """The sum of the second forecast."""
        return float(self.steps["second"].sum())

    @property
    def change(self) -> float | None:
        """The first against the second, as a share; None where the second isn't above zero."""
        return self.first_total / self.second_total - 1 if self.second_total > 0 else None


def closer(actuals: pd.DataFrame, first: Iterable[Vintage], second: Iterable[Vintage]) -> Closer | None:
    """Which of two sets was closer to the actuals (ds, y), by the newest forecasts of each step that both
    issued from the same origin; None when there are none."""
    table = pairs(actuals, first).merge(pairs(actuals, second), on=["ds", "origin", "lead", "y"])
    if table.empty:
        return None
    newest = newest_per_step(table)
    actual = newest["y"].to_numpy(dtype=float)
    ours, theirs = (np.abs(newest[f"mean_{side}"].to_numpy(dtype=float) - actual) for side in ("x", "y"))
    won, lost = int((ours < theirs).sum()), int((theirs < ours).sum())
    # A sign test: as if a coin had been thrown on every step that isn't a draw.
    chance = float(2 * bdtr(min(won, lost), won + lost, 0.5)) if won != lost else 1.0
    return Closer(len(newest), float(ours.mean()), float(theirs.mean()), won, lost, chance < CHANCE)


def ahead(first: Vintage, second: Vintage, horizon: int | None = None) -> Ahead | None:
    """The steps that both forecasts speak of, the nearest `horizon` of them; None when there are none."""
    ours = pd.DataFrame([(point.ds, point.mean) for point in first.points], columns=["ds", "first"])
    theirs = pd.DataFrame([(point.ds, point.mean) for point in second.points], columns=["ds", "second"])
    steps = ours.merge(theirs, on="ds").sort_values("ds", ignore_index=True).head(horizon or len(ours))
    if steps.empty:
        return None
    return Ahead(steps.assign(difference=steps["first"] - steps["second"]))


def then(past: Iterable[Vintage], now: Vintage, frequency: Frequency) -> Vintage | None:
    """Of past forecasts the one from about a month before another, that still shares steps with it.

    The one nearest to that distance, at least half and at most twice as far; None when there is none.
    """
    wanted = BACK[frequency]
    candidates = [
        vintage
        for vintage in past
        if wanted / 2 <= now.origin - vintage.origin <= 2 * wanted
        and vintage.points
        and vintage.points[-1].ds > now.origin
    ]
    return min(candidates, key=lambda one: abs((now.origin - one.origin) - wanted), default=None)


def since_then(actuals: pd.DataFrame, vintage: Vintage) -> tuple[int, float] | None:
    """How many steps of an old forecast have come, and its mean absolute error over them."""
    table = pairs(actuals, [vintage])
    if table.empty:
        return None
    return len(table), float((table["mean"] - table["y"]).abs().mean())
