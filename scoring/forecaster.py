"""Forecast from a state-space model with numpy alone: the Kalman filter and its projection ahead.

The equations are those of the model file (`model_file.py`); the figures agree with statsmodels' to 1e-8. The
parameters are never refitted here: a history only moves the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from .contract import MAX_HISTORY_ROWS, MAX_HORIZON, History
from .errors import ModelFileInvalid, RequestRefused
from .frequency import frequency_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from .model_file import Matrix, StateSpaceModel, Vector

# The filter's covariance has settled when a step changes it by less than this, relative to its largest entry.
# What all later steps together could still change is that over (1 - rate of convergence): far below 1e-8.
_SETTLED = 1e-15
# Days between two looks at that, and two removals of what rounding made unsymmetric.
_CHECK_EVERY = 8


@dataclass(frozen=True)
class State:
    """What the filter knows about the next day before it is seen: mean (k,) and covariance (k, k)."""

    mean: Vector
    covariance: Matrix


@dataclass(frozen=True)
class Forecast:
    """A forecast from `origin`: labels of the days ahead, mean and standard error a day, (horizon,) each."""

    origin: str
    dates: tuple[str, ...]
    mean: Vector
    standard_error: Vector

    def limits(self, level: int) -> tuple[Vector, Vector]:
        """Lower and upper limit of the central interval that holds `level` percent."""
        margin = normal_margin(level) * self.standard_error
        return self.mean - margin, self.mean + margin


@lru_cache(maxsize=128)
def normal_margin(level: int) -> float:
    """Standard errors each side of the mean for a central normal interval of `level` percent."""
    return NormalDist().inv_cdf(0.5 + level / 200)


def filter_states(
    model: StateSpaceModel, state: State, observations: Sequence[float], keep: Collection[int]
) -> dict[int, State]:
    """Run the Kalman filter once over `observations` (NaN: a day that nobody saw).

    Returns the state after each count of observations in `keep` (0: `state` itself, n: after all).
    """
    mean, covariance = state.mean, state.covariance
    kept = {0: state} if 0 in keep else {}
    settled = False
    through, gain = model.transition, model.design
    for count, value in enumerate(observations, start=1):
        if value != value:
            mean = model.transition @ mean + model.state_intercept
            covariance = model.transition @ covariance @ model.transition.T + model.state_covariance
            settled = False
        else:
            if not settled:
                through, gain = _update(model, covariance)
                following = through @ covariance @ through.T + model.state_covariance
                if model.observation_variance:
                    following += model.observation_variance * np.outer(gain, gain)
                if count % _CHECK_EVERY == 0:
                    following = 0.5 * (following + following.T)
                    change = float(np.abs(following - covariance).max())
                    settled = change <= _SETTLED * float(np.abs(following).max())
                covariance = following
            mean = through @ mean + gain * (value - model.observation_intercept) + model.state_intercept
        if count in keep:
            kept[count] = State(mean, covariance)
    return kept


def _update(model: StateSpaceModel, covariance: Matrix) -> tuple[Matrix, Vector]:
    """What takes the state's mean over a day: a matrix (k, k) for the mean, a gain (k,) for the day's value.

    The same matrix takes the covariance along, in Joseph's form: a sum of squares, where the textbook's
    difference loses digits after a diffuse start.
    """
    cross = covariance @ model.design
    variance = float(model.design @ cross) + model.observation_variance
    if not variance > 0:
        raise FloatingPointError("the one-step forecast variance is not positive")
    gain = model.transition @ (cross / variance)
    return model.transition - np.multiply.outer(gain, model.design), gain


@dataclass(frozen=True)
class Projection:
    """What a forecast needs besides the state, for every step ahead; made once a model.

    `loadings` (H, k), `offsets` (H,) and `variances` (H,): mean = loadings @ state + offsets, and the
    variance is that of the state through the loadings plus `variances`.
    """

    loadings: Matrix
    offsets: Vector
    variances: Vector

    @classmethod
    def of(cls, model: StateSpaceModel, horizon: int) -> Projection:
        loadings = np.empty((horizon, model.design.size))
        loadings[0] = model.design
        for step in range(1, horizon):
            loadings[step] = loadings[step - 1] @ model.transition
        shocks = np.einsum("hi,ij,hj->h", loadings, model.state_covariance, loadings)
        return cls(
            loadings=loadings,
            offsets=model.observation_intercept + _before(loadings @ model.state_intercept),
            variances=model.observation_variance + _before(shocks),
        )

    def ahead(self, state: State, horizon: int) -> tuple[Vector, Vector]:
        """Mean and standard error of the next `horizon` days, (horizon,) each."""
        loadings = self.loadings[:horizon]
        mean = loadings @ state.mean + self.offsets[:horizon]
        known = np.einsum("hi,ij,hj->h", loadings, state.covariance, loadings)
        return mean, np.sqrt(np.maximum(known + self.variances[:horizon], 0.0))


def _before(steps: Vector) -> Vector:
    """The sum of what came before each step, zero at the first."""
    return np.concatenate(([0.0], np.cumsum(steps[:-1])))


class Forecaster:
    """A model that is ready to answer: its own series filtered, its forecast made to the longest horizon."""

    def __init__(self, model: StateSpaceModel) -> None:
        """Raises ModelFileInvalid when the model's matrices lead to no finite forecast."""
        self.model = model
        self.calendar = frequency_of(model.frequency)
        self._first = self.calendar.place(model.start)
        self._count = model.observations.size
        self._initial = State(model.initial_state, model.initial_covariance)
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                self._projection = Projection.of(model, MAX_HORIZON)
                self._latest = filter_states(
                    model, self._initial, model.observations.tolist(), {self._count}
                )[self._count]
                self._plain = self._forecast(self._latest, self._first + self._count - 1, MAX_HORIZON)
        except (FloatingPointError, RequestRefused) as error:
            raise ModelFileInvalid(f"The model gives no finite forecast: {error}.") from error

    def forecast(self, horizon: int) -> Forecast:
        """The forecast from the end of the model's own series: a slice of what was made at the start."""
        plain = self._plain
        return Forecast(
            plain.origin, plain.dates[:horizon], plain.mean[:horizon], plain.standard_error[:horizon]
        )

    def forecast_after(
        self, history: History, horizon: int, origins: Sequence[datetime] = ()
    ) -> tuple[Forecast, ...]:
        """One forecast an origin, by default from the end of `history`, each seeing only what is up to it.

        `history` takes the place of the model's own series from its first day on: days of the model's series
        before it are kept, days after it are forgotten, a gap between the two is bridged as days that nobody
        saw, and a history from before the series replaces it wholly. The state is updated in one filter pass;
        the parameters stay. Raises RequestRefused when the dates don't fit the model's frequency.
        """
        places = self._places(history)
        ends = [self._origin_place(origin) for origin in origins] if origins else [places[-1]]
        state, start, observations = self._series_under(places[0], history.values)
        wanted = {end - start + 1 for end in ends}
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                states = filter_states(self.model, state, observations, wanted)
                return tuple(self._forecast(states[end - start + 1], end, horizon) for end in ends)
        except FloatingPointError as error:
            raise RequestRefused("history_out_of_range", f"The history can't be used: {error}.") from error

    def _places(self, history: History) -> list[int]:
        places: list[int] = []
        for row, moment in enumerate(history.moments):
            try:
                place = self.calendar.place(moment)
            except ValueError as error:
                raise RequestRefused("frequency_mismatch", f"history[{row}].ds: {error}.") from error
            if places and place != places[-1] + 1:
                missing = self.calendar.label(self.calendar.moment(places[-1] + 1))
                raise RequestRefused(
                    "history_gap",
                    f"history[{row}].ds: {missing} is missing before it; the model's frequency is "
                    f"{self.model.frequency} and a history has no gaps.",
                )
            places.append(place)
        return places

    def _origin_place(self, origin: datetime) -> int:
        try:
            return self.calendar.place(origin)
        except ValueError as error:
            raise RequestRefused("frequency_mismatch", f"origins: {error}.") from error

    def _series_under(self, first: int, values: Sequence[float]) -> tuple[State, int, list[float]]:
        """The state to start from, the place of the first observation after it, and the observations."""
        end = self._first + self._count
        if first >= end:
            gap = first - end
            if gap > MAX_HISTORY_ROWS:
                last = self.calendar.label(self.calendar.moment(end - 1))
                raise RequestRefused(
                    "history_too_late",
                    f"history begins {gap} steps after the model's own series ends ({last}), at most "
                    f"{MAX_HISTORY_ROWS} are bridged: send more history, or train the model again.",
                )
            return self._latest, end, [float("nan")] * gap + list(values)
        kept = max(0, first - self._first)
        return self._initial, first - kept, self.model.observations[:kept].tolist() + list(values)

    def _forecast(self, state: State, origin: int, horizon: int) -> Forecast:
        mean, standard_error = self._projection.ahead(state, horizon)
        if not (np.isfinite(mean).all() and np.isfinite(standard_error).all()):
            raise RequestRefused("history_out_of_range", "The values are too large to forecast from.")
        calendar = self.calendar
        dates = tuple(calendar.label(calendar.moment(origin + step)) for step in range(1, horizon + 1))
        return Forecast(calendar.label(calendar.moment(origin)), dates, mean, standard_error)
