"""From the JSON and the arrays of a model file back to a kind, every bound checked."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeGuard, cast

import numpy as np

from ..errors import ModelFileInvalid
from .combination import Combination
from .naive import SeasonalNaive
from .profile import SeasonProfile
from .smoothing import ExponentialSmoothing
from .state_space import MAX_STATES, StateSpace
from .theta import Theta
from .transformed import Transformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..array_files import ArrayReader
    from .combination import How
    from .outlook import Kind

MAX_SEASON = 1_000
MAX_MEMBERS = 20
_DEEPEST = 4


@dataclass(frozen=True)
class Entry:
    """One model as the file has it: its settings, its arrays and its members, read already."""

    label: str
    settings: Mapping[str, object]
    arrays: ArrayReader
    members: tuple[Kind, ...]

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number within its bounds."""
        value = self.settings.get(name)
        if not is_number(value):
            raise ModelFileInvalid(f"{self.label}: {name} must be a finite number, not {value!r}.")
        if not low <= value <= high:
            raise ModelFileInvalid(f"{self.label}: {name} must be from {low:g} to {high:g}, not {value!r}.")
        return float(value)

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number within its bounds."""
        value = self.number(name, low, high)
        if value != int(value):
            raise ModelFileInvalid(f"{self.label}: {name} must be a whole number, not {value!r}.")
        return int(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.settings.get(name)
        if not isinstance(value, bool):
            raise ModelFileInvalid(f"{self.label}: {name} must be true or false, not {value!r}.")
        return value


def is_number(value: object) -> TypeGuard[float]:
    """Whether a JSON value is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= sys.float_info.max  # false of NaN; a whole number can have any size


def read_kind(entry: object, arrays: ArrayReader, *, depth: int = 0) -> Kind:
    """The kind that `write_kind` wrote; raises ModelFileInvalid, saying what is wrong."""
    if not isinstance(entry, dict) or depth > _DEEPEST:
        raise ModelFileInvalid(f"{arrays.folder}: a model must be an object, at most {_DEEPEST} deep.")
    name = entry.get("kind")
    read = READERS.get(name) if isinstance(name, str) else None
    if read is None:
        raise ModelFileInvalid(f"{arrays.folder}: the kind {name!r} is not known, only {', '.join(READERS)}.")
    members = entry.get("members", [])
    if not isinstance(members, list) or len(members) > MAX_MEMBERS:
        raise ModelFileInvalid(f"{arrays.folder}: members must be a list of at most {MAX_MEMBERS}.")
    inner = tuple(
        read_kind(member, arrays.below(str(number)), depth=depth + 1) for number, member in enumerate(members)
    )
    return read(Entry(f"{arrays.folder}{name}", entry, arrays, inner))


def _season_profile(entry: Entry) -> Kind:
    season = entry.whole("season", 1, MAX_SEASON)
    groups: tuple[int, ...] = ()
    if entry.flag("grouped"):
        found = entry.arrays.read("groups", (season,))
        if not np.isin(found, np.arange(season)).all():
            raise ModelFileInvalid(f"{entry.label}: groups must be whole, from 0 to {season - 1}.")
        groups = tuple(map(int, found.tolist()))
    return SeasonProfile(season, entry.whole("cycles", 0, 100_000), entry.number("half_life", 0.0), groups)


def _seasonal_naive(entry: Entry) -> Kind:
    return SeasonalNaive(entry.whole("season", 1, MAX_SEASON))


def _smoothing(entry: Entry) -> Kind:
    seasonal = entry.arrays.read("seasonal", (None,))
    multiplicative = entry.flag("multiplicative")
    if seasonal.size > MAX_SEASON or (multiplicative and (seasonal == 0).any()):
        raise ModelFileInvalid(f"{entry.label}: over {MAX_SEASON} season terms, or one that divides by zero.")
    return ExponentialSmoothing(
        level=entry.number("level"),
        trend=entry.number("trend"),
        seasonal=seasonal,
        alpha=entry.number("alpha", 0, 2),
        beta=entry.number("beta", 0, 2),
        gamma=entry.number("gamma", 0, 2),
        damping=entry.number("damping", 0, 1),
        multiplicative=multiplicative,
        relative_errors=entry.flag("relative_errors"),
    )


def _theta(entry: Entry) -> Kind:
    return Theta(entry.number("alpha", 0, 1), entry.number("slope"))


def _state_space(entry: Entry) -> Kind:
    read = entry.arrays.read
    design = read("design", (None,))
    k = design.size
    if k > MAX_STATES:
        raise ModelFileInvalid(f"{entry.label} has {k} states, at most {MAX_STATES} are served.")
    intercept, variance = read("observation", (2,)).tolist()
    model = StateSpace(
        transition=read("transition", (k, k)),
        state_intercept=read("state_intercept", (k,)),
        state_covariance=read("state_covariance", (k, k)),
        design=design,
        observation_intercept=intercept,
        observation_variance=variance,
        initial_state=read("initial_state", (k,)),
        initial_covariance=read("initial_covariance", (k, k)),
    )
    for label, matrix in (("state", model.state_covariance), ("initial", model.initial_covariance)):
        if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-12) or (np.diag(matrix) < 0).any():
            raise ModelFileInvalid(f"{label}_covariance.npy is not a covariance matrix.")
    if variance < 0:
        raise ModelFileInvalid("observation.npy has a negative variance.")
    return model


def _transformed(entry: Entry) -> Kind:
    pattern = entry.arrays.read("pattern", (None,))
    multiplicative = entry.flag("multiplicative")
    if len(entry.members) != 1 or pattern.size > MAX_SEASON or (multiplicative and (pattern == 0).any()):
        raise ModelFileInvalid(
            f"{entry.label} needs one member and a pattern of at most {MAX_SEASON}, without a zero divisor."
        )
    [inner] = entry.members
    unit = entry.number("unit")
    if unit <= 0:
        raise ModelFileInvalid(f"{entry.label}: unit must be above 0.")
    return Transformed(inner, pattern, unit, entry.flag("log"), multiplicative)


def _combination(entry: Entry) -> Kind:
    how = entry.settings.get("how")
    if how not in ("mean", "median") or not entry.members:
        raise ModelFileInvalid(f"{entry.label} needs members, and how must be mean or median, not {how!r}.")
    return Combination(entry.members, cast("How", how))


Reader: TypeAlias = "Callable[[Entry], Kind]"
READERS: Mapping[str, Reader] = {
    SeasonProfile.KIND: _season_profile,
    SeasonalNaive.KIND: _seasonal_naive,
    ExponentialSmoothing.KIND: _smoothing,
    Theta.KIND: _theta,
    StateSpace.KIND: _state_space,
    Transformed.KIND: _transformed,
    Combination.KIND: _combination,
}
