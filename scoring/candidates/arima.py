"""ARIMA and SARIMAX of fixed orders: a search by AICc does worse out of sample, and costs far more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.tsa.statespace.sarimax import SARIMAX

from ..export import state_space_of
from ..fit import ModelOrder, SeasonalOrder
from ..fit import fit as fit_from_many_starts
from ..kinds.transformed import Transformed
from .candidate import fitting, in_units, require_rows

if TYPE_CHECKING:
    from ..fit import Order
    from ..kinds.outlook import Kind, Observed, Vector
    from .candidate import Role

_ITERATIONS = 60
_NO_SEASON: SeasonalOrder = (0, 0, 0, 0)


@dataclass(frozen=True)
class SeasonalArima:
    """SARIMAX of a fixed order, with a constant where nothing is differenced, of logarithms if `log`."""

    slug: str
    order: Order
    seasonal_order: SeasonalOrder = _NO_SEASON
    log: bool = False
    drift: bool = False
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        values = observed.values
        p, d, q = self.order
        season = self.seasonal_order[3]
        require_rows(self.slug, values, 2 * (p + q) + 3 * season + d + 8)
        with fitting(self.slug):
            scaled, unit = in_units(values, log=self.log)
            trend = "c" if self.drift or not d + self.seasonal_order[1] else "n"
            results = estimate(scaled, self.order, self.seasonal_order, trend)
            inner = state_space_of(results)
        return Transformed(inner, pattern=np.zeros(1), unit=unit, log=self.log)


@dataclass(frozen=True)
class CourseArima:
    """The course's ARIMA, from many starts: one start often stops in a local optimum."""

    slug: str
    order: Order = (2, 0, 2)
    starts: int = 12
    seed: int = 0
    role: Role = "reference"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        require_rows(self.slug, observed.values, 20)
        with fitting(self.slug):
            order = ModelOrder(self.order)
            return state_space_of(
                fit_from_many_starts(observed.values, order, starts=self.starts, seed=self.seed, polish=False)
            )


def estimate(values: Vector, order: Order, seasonal_order: SeasonalOrder, trend: str) -> Any:
    """The statsmodels result of maximum likelihood from the usual start.

    What is differenced is estimated on the differences, whose state is half as long; the result is that of
    the series itself, at those parameters.
    """
    differenced = order[1] + seasonal_order[1] > 0
    fitted = SARIMAX(
        values, order=order, seasonal_order=seasonal_order, trend=trend, simple_differencing=differenced
    ).fit(disp=False, maxiter=_ITERATIONS, cov_type="none")
    if not differenced:
        return fitted
    whole = SARIMAX(values, order=order, seasonal_order=seasonal_order, trend=trend)
    return whole.smooth(fitted.params, cov_type="none")
