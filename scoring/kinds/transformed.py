"""A model of a series that was brought to another scale first: logarithm, a season taken out, a unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from .outlook import Observed, Outlook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Setting, Vector

_LARGEST_LOGARITHM = 700.0


@dataclass(frozen=True)
class Transformed:
    """`inner` sees (log(y) if `log` else y), over `unit`, less the season's `pattern` by position.

    With `multiplicative` the pattern divides instead. What comes out goes the same way back; from logarithms
    the mean is taken back with the errors that were seen (Duan 1983, "Smearing estimate").
    """

    KIND: ClassVar[str] = "transformed"

    inner: Kind
    pattern: Vector
    unit: float = 1.0
    log: bool = False
    multiplicative: bool = False

    @property
    def anchored(self) -> bool:
        """See Kind."""
        return self.inner.anchored

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        season = self.pattern.size
        found = self.inner.outlooks(Observed(self._forward(observed), observed.first), ends, horizon, window)
        return [
            self._back(
                outlook,
                self.pattern[observed.ahead(end, horizon, season)],
                self.pattern[observed.ahead(end - window, window, season)],
            )
            for end, outlook in zip(ends, found, strict=True)
        ]

    def _forward(self, observed: Observed) -> Vector:
        values = observed.values
        if self.log:
            if (values <= 0).any():
                raise FloatingPointError("the model takes logarithms, and a value is zero or below")
            values = np.log(values)
        values = values / self.unit
        pattern = self.pattern[observed.positions(self.pattern.size)]
        return values / pattern if self.multiplicative else values - pattern

    def _back(self, outlook: Outlook, ahead: Vector, behind: Vector) -> Outlook:
        if self.multiplicative:
            mean, scale = outlook.mean * ahead, outlook.scale * np.abs(ahead)
            fitted, errors = outlook.fitted * behind, outlook.errors * np.abs(behind)
        else:
            mean, scale = outlook.mean + ahead, outlook.scale
            fitted, errors = outlook.fitted + behind, outlook.errors
        mean, scale, fitted, errors = (part * self.unit for part in (mean, scale, fitted, errors))
        return (
            self._exponential(Outlook(mean, scale, fitted, errors))
            if self.log
            else Outlook(mean, scale, fitted, errors)
        )

    @staticmethod
    def _exponential(outlook: Outlook) -> Outlook:
        """From logarithms; errors and scale become shares of the forecast."""
        known = outlook.errors[~np.isnan(outlook.errors)]
        smear = float(np.mean(np.exp(known))) if known.size else 1.0
        if max(outlook.mean.max(), known.max(initial=0.0)) > _LARGEST_LOGARITHM:
            raise FloatingPointError("the forecast of the logarithms is too large")
        mean = np.exp(outlook.mean) * smear
        # The errors as they would be at the first step, around a mean that the smear has moved.
        errors = (np.exp(outlook.errors) / smear - 1) * mean[0]
        scale = mean * np.sqrt(np.expm1(np.minimum(outlook.scale**2, _LARGEST_LOGARITHM)))
        return Outlook(mean, scale, np.exp(outlook.fitted) * smear, errors)

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {"unit": self.unit, "log": self.log, "multiplicative": self.multiplicative}

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {"pattern": self.pattern}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return (self.inner,)
