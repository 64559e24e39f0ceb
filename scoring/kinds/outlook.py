"""What every kind of model is asked, and what it answers: one outlook an origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Vector: TypeAlias = npt.NDArray[np.float64]
Matrix: TypeAlias = npt.NDArray[np.float64]
Positions: TypeAlias = npt.NDArray[np.int64]
Setting: TypeAlias = str | int | float | bool


@dataclass(frozen=True)
class Observed:
    """A series as a kind sees it: values (n,), NaN where nobody saw one, and the first one's calendar place.

    The place modulo the season's length is the position in the season, the same on whatever day a series
    begins.
    """

    values: Vector
    first: int

    def positions(self, season: int) -> Positions:
        """The position of every value in the season, (n,)."""
        return (self.first + np.arange(self.values.size)) % season

    def ahead(self, end: int, horizon: int, season: int) -> Positions:
        """The positions of the `horizon` steps after the first `end` values."""
        return (self.first + end + np.arange(horizon)) % season


@dataclass(frozen=True)
class Outlook:
    """The forecast from one origin, before intervals are made of it.

    `mean` and `scale` (horizon,): expected value and standard error a step ahead; `errors` (window,): actual
    minus forecast for the last steps before the origin, as large as one-step errors are there now, NaN where
    there is none; `fitted` (window,) the forecasts they belong to.
    """

    mean: Vector
    scale: Vector
    fitted: Vector
    errors: Vector


class Kind(Protocol):
    """A fitted model: parameters, and how they turn what was observed into a forecast."""

    KIND: ClassVar[str]

    @property
    def anchored(self) -> bool:
        """Whether its first state belongs to its first day, so that it can't begin on another."""

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """One outlook after each count of values in `ends`, which sees only those.

        Raises FloatingPointError when the values lead to no finite forecast.
        """

    def settings(self) -> Mapping[str, Setting]:
        """What the model file writes as JSON."""

    def arrays(self) -> Mapping[str, Vector]:
        """What the model file writes as arrays."""

    def members(self) -> Sequence[Kind]:
        """The models that this one is made of; none for most."""


def last(values: Vector, end: int, window: int) -> Vector:
    """The `window` values before `end`; NaN where the series had not begun."""
    found = values[max(0, end - window) : end]
    if found.size == window:
        return found
    return np.concatenate([np.full(window - found.size, np.nan), found])


def spread_of(errors: Vector) -> float:
    """The root mean square of the errors that there are; 0 when there are none."""
    known = errors[~np.isnan(errors)]
    return float(np.sqrt(np.mean(known * known))) if known.size else 0.0
