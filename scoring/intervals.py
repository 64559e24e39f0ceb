"""From an outlook to quantiles: Gaussian, or the errors that were really made, by group of the season.

A season's positions may differ in how sure a forecast is: weekdays and weekends, say. Their errors are then
kept apart: the quantiles of a step ahead are its mean plus the quantiles of its group's errors, wider where
the model is less sure further ahead, and never outside what the series can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import numpy as np

from .errors import ModelFileInvalid
from .kinds.outlook import spread_of
from .kinds.reading import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kinds.outlook import Outlook, Vector

Method: TypeAlias = Literal["gaussian", "bootstrap"]

MAX_WINDOW = 5_000
"""Errors that count, at most."""

# With fewer errors than this, what they say of the tails is noise: the whole season's are taken.
_FEWEST = 8


@dataclass(frozen=True)
class Intervals:
    """How quantiles are made.

    `groups` (season,) is the group of each position in the season, `window` how many errors before the origin
    count, `factors` by group how much wider than the errors themselves, `lower` and `upper` the support.
    """

    method: Method
    groups: tuple[int, ...] = (0,)
    window: int = 0
    factors: tuple[float, ...] = (1.0,)
    lower: float | None = None
    upper: float | None = None

    def mean(self, outlook: Outlook) -> Vector:
        """The forecast, inside the support; (horizon,)."""
        return self.inside(outlook.mean)

    def quantiles(self, outlook: Outlook, origin: int, probabilities: Sequence[float]) -> Vector:
        """The quantiles (horizon, probabilities) of an outlook from the calendar place `origin`.

        Probabilities ascend; so do the quantiles of every step.
        """
        if self.method == "gaussian":
            margins = np.array([normal_quantile(probability) for probability in probabilities])
            return self.inside(outlook.mean[:, np.newaxis] + outlook.scale[:, np.newaxis] * margins)
        season = len(self.groups)
        groups = np.array(self.groups)
        steps = np.arange(1, outlook.mean.size + 1)
        past = groups[(origin - np.arange(outlook.errors.size)[::-1]) % season]
        ahead = groups[(origin + steps) % season]
        table = self._error_quantiles(outlook, past, np.asarray(probabilities, dtype=np.float64))
        growth = outlook.scale / outlook.scale[0] if outlook.scale[0] > 0 else np.ones(steps.size)
        return self.inside(outlook.mean[:, np.newaxis] + growth[:, np.newaxis] * table[ahead])

    def _error_quantiles(self, outlook: Outlook, past: Vector, probabilities: Vector) -> Vector:
        """Quantiles of the errors, (groups, probabilities)."""
        errors = outlook.errors
        known = ~np.isnan(errors)
        everything = errors[known]
        table = np.empty((len(self.factors), probabilities.size))
        for group, factor in enumerate(self.factors):
            chosen = errors[known & (past == group)]
            chosen = chosen if chosen.size >= _FEWEST else everything
            if chosen.size >= _FEWEST:
                table[group] = factor * np.quantile(chosen, probabilities, method="median_unbiased")
            else:
                scale = spread_of(everything) if everything.size else float(outlook.scale[0])
                table[group] = factor * scale * np.array([normal_quantile(p) for p in probabilities])
        return table

    def inside(self, values: Vector) -> Vector:
        """The values, held inside the support."""
        if self.lower is None and self.upper is None:
            return values
        return np.clip(values, self.lower, self.upper)


@lru_cache(maxsize=512)
def normal_quantile(probability: float) -> float:
    """The standard normal quantile."""
    return NormalDist().inv_cdf(probability)


def read_intervals(entry: object) -> Intervals:
    """The intervals that a model file holds; raises ModelFileInvalid, saying what is wrong."""
    if not isinstance(entry, dict):
        raise ModelFileInvalid("intervals must be an object.")
    method, window = entry.get("method"), entry.get("window")
    if method not in ("gaussian", "bootstrap"):
        raise ModelFileInvalid(f"intervals.method must be gaussian or bootstrap, not {method!r}.")
    if type(window) is not int or not 0 <= window <= MAX_WINDOW:
        raise ModelFileInvalid(f"intervals.window must be from 0 to {MAX_WINDOW}, not {window!r}.")
    groups, factors = entry.get("groups"), entry.get("factors")
    if not isinstance(groups, list) or not isinstance(factors, list) or not groups or not factors:
        raise ModelFileInvalid("intervals.groups and intervals.factors must be lists that aren't empty.")
    if not all(type(group) is int and 0 <= group < len(factors) for group in groups):
        raise ModelFileInvalid("intervals.groups must name a factor each.")
    if not all(is_number(factor) and factor > 0 for factor in factors):
        raise ModelFileInvalid("intervals.factors must be above 0.")
    lower, upper = (_bound(entry.get(name), name) for name in ("lower", "upper"))
    if lower is not None and upper is not None and lower > upper:
        raise ModelFileInvalid(f"intervals.lower is {lower}, above intervals.upper, {upper}.")
    return Intervals(cast("Method", method), tuple(groups), window, tuple(map(float, factors)), lower, upper)


def _bound(value: object, name: str) -> float | None:
    if value is None:
        return None
    if not is_number(value):
        raise ModelFileInvalid(f"intervals.{name} must be a number or null.")
    return float(value)
