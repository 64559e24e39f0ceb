"""What a candidate is, and what several share: quiet fits, a unit of scale, and enough rows."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import numpy as np

from ..errors import CandidateUnfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..kinds.outlook import Kind, Observed, Outlook, Vector

logger = logging.getLogger(__name__)

Role: TypeAlias = Literal["candidate", "reference"]


class Candidate(Protocol):
    """A way to model a series; references are the floors that a champion must beat."""

    @property
    def slug(self) -> str:
        """Its name in reports and in the catalogues of words."""

    @property
    def role(self) -> Role:
        """Whether it may become the champion."""

    def fit(self, observed: Observed) -> Kind:
        """Estimate from everything observed; raises CandidateUnfit when it can't."""


@dataclass(frozen=True)
class Fitted:
    """A fitted kind and the series it stands at the end of."""

    kind: Kind
    observed: Observed

    def update(self, values: Vector) -> Fitted:
        """The same parameters after `values` (n,) more; a kind in closed form follows them wholly."""
        return replace(self, observed=replace(self.observed, values=np.append(self.observed.values, values)))

    def forecast(self, horizon: int, window: int = 0) -> Outlook:
        """The forecast from the end of what was observed."""
        [outlook] = self.kind.outlooks(self.observed, [self.observed.values.size], horizon, window)
        return outlook


@contextmanager
def fitting(slug: str) -> Iterator[None]:
    """Turn what a fit raises into CandidateUnfit, and its warnings into debug lines."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with np.errstate(all="ignore"):
                yield
        except (ArithmeticError, ValueError, IndexError, np.linalg.LinAlgError) as error:
            raise CandidateUnfit(f"{slug}: {error}") from error
    for warning in caught:
        logger.debug("%s: %s", slug, warning.message)


def require_rows(slug: str, values: Vector, least: int) -> None:
    """Raise CandidateUnfit for a series that is shorter than `least` or constant."""
    if values.size < least:
        raise CandidateUnfit(f"{slug}: {values.size} rows, it needs {least}.")
    if unit_of(values) == 0:
        raise CandidateUnfit(f"{slug}: the series is constant.")


def unit_of(values: Vector) -> float:
    """The series' standard deviation: likelihoods and diffuse starts want values near 1; 0 if constant."""
    unit = float(values.std())
    return unit if unit > 1e-12 * float(np.abs(values).max(initial=0.0)) else 0.0


def in_units(values: Vector, *, log: bool) -> tuple[Vector, float]:
    """The values, or their logarithms, over their standard deviation (1 where constant), and that unit.

    Raises ValueError when there is no logarithm of a value.
    """
    if log and (values <= 0).any():
        raise ValueError("a value is zero or below, there is no logarithm of it")
    levels = np.log(values) if log else values
    unit = unit_of(levels) or 1.0
    return levels / unit, unit


def by_position(terms: Vector, first: int) -> Vector:
    """Season terms (season,) of the steps from place `first` on, put in order of position."""
    ordered = np.empty_like(terms)
    ordered[(first + np.arange(terms.size)) % terms.size] = terms
    return ordered
