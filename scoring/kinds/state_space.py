"""Linear Gaussian state-space models whose matrices don't change with time: ARIMA, SARIMAX, structural.

    state[t+1] = state_intercept + transition state[t] + noise, noise ~ N(0, state_covariance)
    y[t] = observation_intercept + design state[t] + noise, noise ~ N(0, observation_variance)

The Kalman filter and its projection ahead; the figures agree with statsmodels' to 1e-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Outlook, last

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .outlook import Kind, Matrix, Observed, Setting, Vector

MAX_STATES = 128
"""Size of the state, at most: a step costs its cube, and a request may have 5,000 steps."""

# The filter's covariance has settled when a step changes it by less than this, relative to its largest entry.
# What all later steps together could still change is that over (1 - rate of convergence): far below 1e-8.
_SETTLED = 1e-15
# Days between two looks at that, and two removals of what rounding made unsymmetric.
_CHECK_EVERY = 8
# An error counts once the filter's own variance for it is near the one at the end: a diffuse start is over.
_STARTED = 4.0
_LONGEST = 366


@dataclass(frozen=True)
class State:
    """What the filter knows about the next step before it is seen: mean (k,) and covariance (k, k)."""

    mean: Vector
    covariance: Matrix


@dataclass(frozen=True)
class Filtered:
    """One pass of the filter: one-step forecasts and their variances (n,), and the states asked for."""

    fitted: Vector
    variances: Vector
    states: Mapping[int, State]


@dataclass(frozen=True)
class Projection:
    """What a forecast needs besides the state, for every step ahead; made once a model.

    `loadings` (H, k), `offsets` (H,) and `variances` (H,): mean = loadings @ state + offsets, and the
    variance is that of the state through the loadings plus `variances`.
    """

    loadings: Matrix
    offsets: Vector
    variances: Vector

    def ahead(self, state: State, horizon: int) -> tuple[Vector, Vector]:
        """Mean and standard error of the next `horizon` steps, (horizon,) each."""
        loadings = self.loadings[:horizon]
        mean = loadings @ state.mean + self.offsets[:horizon]
        known = np.einsum("hi,ij,hj->h", loadings, state.covariance, loadings)
        return mean, np.sqrt(np.maximum(known + self.variances[:horizon], 0.0))


@dataclass(frozen=True)
class StateSpace:
    """The matrices of the equations above: transition and covariances (k, k), the others (k,) or a number."""

    KIND: ClassVar[str] = "state-space"
    anchored: ClassVar[bool] = False

    transition: Matrix
    state_intercept: Vector
    state_covariance: Matrix
    design: Vector
    observation_intercept: float
    observation_variance: float
    initial_state: Vector
    initial_covariance: Matrix

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        filtered = self.filter(observed.values.tolist(), set(ends))
        errors = observed.values - filtered.fitted
        found = []
        for end in ends:
            mean, scale = self.projection.ahead(filtered.states[end], horizon)
            recent, past = last(errors, end, window), last(filtered.fitted, end, window)
            if end:
                started = last(filtered.variances, end, window) <= _STARTED * filtered.variances[end - 1]
                recent, past = np.where(started, recent, np.nan), np.where(started, past, np.nan)
            found.append(Outlook(mean, scale, past, recent))
        return found

    @property
    def initial(self) -> State:
        """What is known before the first observation."""
        return State(self.initial_state, self.initial_covariance)

    @cached_property
    def projection(self) -> Projection:
        """The way ahead to the longest horizon."""
        loadings = np.empty((_LONGEST, self.design.size))
        loadings[0] = self.design
        for step in range(1, _LONGEST):
            loadings[step] = loadings[step - 1] @ self.transition
        shocks = np.einsum("hi,ij,hj->h", loadings, self.state_covariance, loadings)
        return Projection(
            loadings=loadings,
            offsets=self.observation_intercept + _before(loadings @ self.state_intercept),
            variances=self.observation_variance + _before(shocks),
        )

    def filter(self, observations: Sequence[float], keep: Collection[int]) -> Filtered:
        """Run the Kalman filter once over `observations` (NaN: a step that nobody saw).

        The states are those after each count of observations in `keep` (0: the initial one, n: after all).
        """
        mean, covariance = self.initial_state, self.initial_covariance
        kept = {0: self.initial} if 0 in keep else {}
        fitted: list[float] = []
        variances: list[float] = []
        settled = False
        through, gain, variance = self.transition, self.design, 0.0
        for count, value in enumerate(observations, start=1):
            fitted.append(float(self.design @ mean) + self.observation_intercept)
            if value != value:
                variances.append(float("inf"))
                mean = self.transition @ mean + self.state_intercept
                covariance = self.transition @ covariance @ self.transition.T + self.state_covariance
                settled = False
            else:
                if not settled:
                    through, gain, variance = self._update(covariance)
                    following = through @ covariance @ through.T + self.state_covariance
                    if self.observation_variance:
                        following += self.observation_variance * np.outer(gain, gain)
                    if count % _CHECK_EVERY == 0:
                        following = 0.5 * (following + following.T)
                        change = float(np.abs(following - covariance).max())
                        settled = change <= _SETTLED * float(np.abs(following).max())
                    covariance = following
                variances.append(variance)
                mean = through @ mean + gain * (value - self.observation_intercept) + self.state_intercept
            if count in keep:
                kept[count] = State(mean, covariance)
        return Filtered(np.array(fitted), np.array(variances), kept)

    def _update(self, covariance: Matrix) -> tuple[Matrix, Vector, float]:
        """What takes the state's mean over a step: a matrix (k, k), a gain (k,), the step's variance.

        The same matrix takes the covariance along, in Joseph's form: a sum of squares, where the textbook's
        difference loses digits after a diffuse start.
        """
        cross = covariance @ self.design
        variance = float(self.design @ cross) + self.observation_variance
        if not variance > 0:
            raise FloatingPointError("the one-step forecast variance is not positive")
        gain = self.transition @ (cross / variance)
        return self.transition - np.multiply.outer(gain, self.design), gain, variance

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {}

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {
            "transition": self.transition,
            "state_intercept": self.state_intercept,
            "state_covariance": self.state_covariance,
            "design": self.design,
            "observation": np.array([self.observation_intercept, self.observation_variance]),
            "initial_state": self.initial_state,
            "initial_covariance": self.initial_covariance,
        }

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return ()


def _before(steps: Vector) -> Vector:
    """The sum of what came before each step, zero at the first."""
    return np.concatenate(([0.0], np.cumsum(steps[:-1])))
