"""STL takes the season out (Cleveland et al. 1990), and a model without season forecasts the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from statsmodels.tsa.seasonal import STL

from ..export import state_space_of
from ..kinds.transformed import Transformed
from .arima import estimate
from .candidate import by_position, fitting, in_units, require_rows
from .smoothing import best_smoothing

if TYPE_CHECKING:
    from ..kinds.outlook import Kind, Observed, Vector
    from .candidate import Role

_SEASONAL_SMOOTHER = 13
_SMOOTHING_FORMS: tuple[tuple[str, str | None, bool, None], ...] = (
    ("add", None, False, None),
    ("add", "add", False, None),
    ("add", "add", True, None),
)


@dataclass(frozen=True)
class Decomposition:
    """The season of STL's last cycle, and ARIMA(1,0,1) or ETS for what is left."""

    slug: str
    season: int
    rest: Literal["arima", "ets"]
    log: bool = False
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        require_rows(self.slug, observed.values, 3 * self.season)
        with fitting(self.slug):
            scaled, unit = in_units(observed.values, log=self.log)
            season = np.asarray(STL(scaled, period=self.season, seasonal=_SEASONAL_SMOOTHER).fit().seasonal)
            pattern = by_position(season[-self.season :], observed.first + scaled.size - self.season)
            rest = scaled - pattern[observed.positions(self.season)]
            inner = self._rest(rest, observed.first)
        return Transformed(inner, pattern=pattern, unit=unit, log=self.log)

    def _rest(self, rest: Vector, first: int) -> Kind:
        if self.rest == "ets":
            return best_smoothing(rest, first, [(form, 1) for form in _SMOOTHING_FORMS])
        return state_space_of(estimate(rest, (1, 0, 1), (0, 0, 0, 0), "c"))
