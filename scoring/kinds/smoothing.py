"""Exponential smoothing: level, damped trend and season, each moved by a share of the last error.

The point recursions of ETS(·,Ad,A) and ETS(·,Ad,M) in Hyndman, Koehler, Ord and Snyder (2008), "Forecasting
with Exponential Smoothing"; they are the same whether errors are additive or relative, which only decides
how the spread goes with the level. A multiplicative season's error is divided by the level that it has
moved already, as statsmodels fits it, where the book divides by the one before. Standard errors are those of
their class 1 (additive) models, section 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Outlook, last, spread_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Observed, Positions, Setting, Vector


@dataclass(frozen=True)
class ExponentialSmoothing:
    """`seasonal` (season,) are the initial season terms by position, of length 1 (0, or 1 when
    multiplicative) without a season; `damping` is 1 for a trend that isn't damped."""

    KIND: ClassVar[str] = "exponential-smoothing"
    anchored: ClassVar[bool] = True

    level: float
    trend: float
    seasonal: Vector
    alpha: float
    beta: float
    gamma: float
    damping: float
    multiplicative: bool
    relative_errors: bool

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        try:
            fitted, states = self._filter(observed, set(ends))
        except ZeroDivisionError as error:
            raise FloatingPointError("a level or a season term that divides became zero") from error
        errors = observed.values - fitted
        growth = self._growth(horizon)
        found = []
        for end in ends:
            mean = self._mean(*states[end], observed.ahead(end, horizon, self.seasonal.size))
            recent = last(errors, end, window)
            past = last(fitted, end, window)
            scale = growth
            if self.relative_errors:
                recent = recent / past * mean[0]
                scale = growth * np.abs(mean / mean[0])
            found.append(Outlook(mean, spread_of(recent) * scale, past, recent))
        return found

    def _filter(
        self, observed: Observed, ends: set[int]
    ) -> tuple[Vector, dict[int, tuple[float, float, Vector]]]:
        """One-step forecasts (n,), and (level, trend, season terms) after each count in `ends`."""
        level, trend, seasonal = self.level, self.trend, self.seasonal.tolist()
        season, multiplicative = len(seasonal), self.multiplicative
        alpha, beta, gamma, damping = self.alpha, self.beta, self.gamma, self.damping
        states = {0: (level, trend, np.array(seasonal))} if 0 in ends else {}
        fitted = []
        for row, value in enumerate(observed.values.tolist()):
            position = (observed.first + row) % season
            term = seasonal[position]
            slope = damping * trend
            base = level + slope
            expected = base * term if multiplicative else base + term
            fitted.append(expected)
            level, trend = base, slope
            if value == value:
                error = value - expected
                share = error / term if multiplicative else error
                level += alpha * share
                trend += beta * share
                seasonal[position] = term + gamma * (error / level if multiplicative else error)
            if row + 1 in ends:
                states[row + 1] = (level, trend, np.array(seasonal))
        return np.array(fitted), states

    def _mean(self, level: float, trend: float, seasonal: Vector, ahead: Positions) -> Vector:
        mean: Vector = level + trend * np.cumsum(self.damping ** np.arange(1, ahead.size + 1))
        return mean * seasonal[ahead] if self.multiplicative else mean + seasonal[ahead]

    def _growth(self, horizon: int) -> Vector:
        """Standard error of each step ahead over that of the first."""
        steps = np.arange(1, horizon)
        shock = self.alpha + self.beta * np.cumsum(self.damping**steps)
        if self.seasonal.size > 1:
            shock = shock + (0.0 if self.multiplicative else self.gamma) * (steps % self.seasonal.size == 0)
        growth: Vector = np.sqrt(1 + np.concatenate([[0.0], np.cumsum(shock * shock)]))
        return growth

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {
            "level": self.level,
            "trend": self.trend,
            "alpha": self.alpha,
            "beta": self.beta,
            "gamma": self.gamma,
            "damping": self.damping,
            "multiplicative": self.multiplicative,
            "relative_errors": self.relative_errors,
        }

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {"seasonal": self.seasonal}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return ()
