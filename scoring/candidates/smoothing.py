"""Exponential smoothing (ETS): the form by AICc, which is fair within one class of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel

from ..errors import CandidateUnfit
from ..kinds.smoothing import ExponentialSmoothing
from ..kinds.theta import Theta
from ..kinds.transformed import Transformed
from .candidate import by_position, fitting, require_rows, unit_of

if TYPE_CHECKING:
    from ..kinds.outlook import Kind, Observed, Vector
    from .candidate import Role

# Error, trend, damped, season.
Form = tuple[str, str | None, bool, str | None]
_MOST_POSITIONS = 24
# Below so many values the initial states are estimated too.
_SHORT = 240


@dataclass(frozen=True)
class Ets:
    """ETS with the trend, damping and season that AICc prefers; multiplicative ones for positive series."""

    slug: str
    season: int
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        require_rows(self.slug, observed.values, max(10, 2 * self.season + 5))
        unit = unit_of(observed.values)
        with fitting(self.slug):
            return Transformed(
                best_smoothing(observed.values / unit, observed.first, self._forms(observed.values)),
                pattern=np.zeros(1),
                unit=unit,
            )

    def _forms(self, values: Vector) -> list[tuple[Form, int]]:
        seasonal = 1 < self.season <= _MOST_POSITIONS
        seasons: list[str | None] = ["add"] if seasonal else [None]
        positive = bool((values > 0).all()) and float(values.min()) > 0.02 * float(values.mean())
        trends: list[tuple[str | None, bool]] = [(None, False), ("add", False), ("add", True)]
        forms: list[Form] = [("add", trend, damped, season) for trend, damped in trends for season in seasons]
        if positive:
            shape = "mul" if seasonal else None
            forms += [("mul", trend, damped, shape) for trend, damped in trends]
        if seasonal:
            forms.append(("add", None, False, None))
        return [(form, self.season) for form in forms]


@dataclass(frozen=True)
class ThetaMethod:
    """The theta method on the series without its season (statsmodels' ThetaModel)."""

    slug: str
    season: int
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        require_rows(self.slug, observed.values, max(8, 2 * self.season + 3))
        with fitting(self.slug):
            seasonal = self.season > 1
            model = ThetaModel(
                observed.values,
                period=self.season if seasonal else None,
                deseasonalize=seasonal,
                method="auto",
            )
            results = model.fit()
            slope, alpha = np.asarray(results.params, dtype=np.float64)
            inner = Theta(alpha=float(min(max(alpha, 1e-6), 1.0)), slope=float(slope))
            terms = np.asarray(results._seasonal, dtype=np.float64)[: self.season]
            if terms.size < 2:  # its test found no season
                return inner
            return Transformed(
                inner,
                pattern=by_position(terms, observed.first),
                multiplicative=model.method.startswith("mul"),
            )


def best_smoothing(values: Vector, first: int, forms: list[tuple[Form, int]]) -> ExponentialSmoothing:
    """The form with the lowest AICc, fitted; raises CandidateUnfit when none can be.

    Every form is fitted from initial states that the values suggest, which takes a tenth of the time; in a
    short series, where they matter, the best two forms are fitted again with theirs estimated.
    """
    fitted = _by_aicc(values, forms, "heuristic")
    if fitted and values.size <= _SHORT:
        again = _by_aicc(values, [(form, positions) for _, _, form, positions in fitted[:2]], "estimated")
        fitted = again or fitted
    if not fitted:
        raise CandidateUnfit("ets: no form of it could be fitted.")
    return smoothing_of(fitted[0][1], first)


def _by_aicc(
    values: Vector, forms: list[tuple[Form, int]], initial: str
) -> list[tuple[float, Any, Form, int]]:
    """What could be fitted, lowest AICc first."""
    found = []
    for form, positions in forms:
        error, trend, damped, season = form
        try:
            model = ETSModel(
                values,
                error=error,
                trend=trend,
                damped_trend=damped,
                seasonal=season,
                seasonal_periods=positions if season else None,
                initialization_method=initial,
            )
            results = model.fit(disp=False, maxiter=200)
        except (ValueError, np.linalg.LinAlgError):
            continue  # too few rows for this form; another may do
        if np.isfinite(results.aicc):
            found.append((float(results.aicc), results, form, positions))
    return sorted(found, key=lambda item: item[0])


def smoothing_of(results: Any, first: int) -> ExponentialSmoothing:
    """The kind of a statsmodels ETS result whose first value is at the calendar place `first`."""
    model = results.model
    multiplicative = model.seasonal == "mul"
    terms = np.array([1.0 if multiplicative else 0.0])
    if model.has_seasonal:
        terms = by_position(np.asarray(results.initial_seasonal, dtype=np.float64), first)
    return ExponentialSmoothing(
        level=float(results.initial_level),
        trend=float(results.initial_trend) if model.has_trend else 0.0,
        seasonal=terms,
        alpha=float(results.smoothing_level),
        beta=float(results.smoothing_trend) if model.has_trend else 0.0,
        gamma=float(results.smoothing_seasonal) if model.has_seasonal else 0.0,
        damping=float(results.damping_trend) if model.damped_trend else 1.0,
        multiplicative=multiplicative,
        relative_errors=model.error == "mul",
    )
