"""MSTL and ETS as statsforecast fits them: a few milliseconds a series, for thousands of them.

statsforecast is an extra with an environment of its own (requirements-many-series.txt): it needs another
pandas than the app. What is served needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kinds.smoothing import ExponentialSmoothing
from ..kinds.transformed import Transformed
from .candidate import by_position, fitting, require_rows, unit_of

if TYPE_CHECKING:
    from ..kinds.outlook import Kind, Observed
    from .candidate import Role


def is_installed() -> bool:
    """Whether statsforecast can be imported."""
    return find_spec("statsforecast") is not None


@dataclass(frozen=True)
class MstlEts:
    """The season of the last cycle of statsforecast's MSTL, and AutoETS for what is left without it."""

    slug: str
    season: int
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        from statsforecast.models import AutoETS
        from statsforecast.mstl import mstl

        require_rows(self.slug, observed.values, 3 * self.season)
        unit = unit_of(observed.values)
        with fitting(self.slug):
            scaled = observed.values / unit
            season = np.asarray(mstl(scaled, self.season)["seasonal"], dtype=np.float64)
            pattern = by_position(season[-self.season :], observed.first + scaled.size - self.season)
            rest = scaled - pattern[observed.positions(self.season)]
            inner = _smoothing(AutoETS(model="ZZN").fit(rest).model_)
        return Transformed(inner, pattern, unit)


def _smoothing(model: dict[str, Any]) -> ExponentialSmoothing:
    """The kind of a non-seasonal ETS of statsforecast, from its parameters and its first state."""
    error, trend, _, damped = model["components"]
    alpha, beta, _, damping = (float(value) if np.isfinite(value) else 0.0 for value in model["par"][:4])
    first = np.asarray(model["states"], dtype=np.float64)[0]
    return ExponentialSmoothing(
        level=float(first[0]),
        trend=float(first[1]) if trend != "N" else 0.0,
        seasonal=np.zeros(1),
        alpha=alpha,
        beta=beta if trend != "N" else 0.0,
        gamma=0.0,
        damping=damping if damped == "D" else 1.0,
        multiplicative=False,
        relative_errors=error == "M",
    )
