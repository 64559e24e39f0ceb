"""Fit an ARIMA from many starts: one start often stops in a local optimum, and a worse forecast with it."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import scipy.optimize
from statsmodels.tsa.arima.model import ARIMA

from .errors import TrainingInputInvalid

if TYPE_CHECKING:
    from .kinds.outlook import Vector

logger = logging.getLogger(__name__)

Trend: TypeAlias = Literal["c", "n"]
Order: TypeAlias = tuple[int, int, int]
SeasonalOrder: TypeAlias = tuple[int, int, int, int]

# Draws of which the best stands for its band of frequencies.
_DRAWS_PER_BAND = 16
# How far from the unit circle a start's roots are: 10 to a power drawn between these.
_MODULUS_GAP = (-2.5, -0.2)
# Every start is optimised until it is clear which is best, that one then to the end.
_COARSE = {"maxiter": 100, "ftol": 1e-9, "gtol": 1e-5}
_QUICK = {"maxiter": 50, "ftol": 1e-7, "gtol": 1e-5}
_FINE = {"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-8}


@dataclass(frozen=True)
class ModelOrder:
    """What is estimated: ARIMA order (p, d, q), seasonal order (P, D, Q, s), constant ("c") or none ("n")."""

    order: Order = (2, 0, 2)
    seasonal_order: SeasonalOrder = (0, 0, 0, 0)
    trend: Trend = "c"

    def check(self) -> None:
        """Raise TrainingInputInvalid when the order is not one that can be fitted."""
        if min(*self.order, *self.seasonal_order) < 0:
            raise TrainingInputInvalid("order", "its numbers can't be negative.")
        p, d, q = self.order
        *seasonal, season = self.seasonal_order
        if any(seasonal) and season < 2:
            raise TrainingInputInvalid("seasonal order", "the season's length must be 2 or more.")
        if season and max(p, q) >= season:
            raise TrainingInputInvalid("order", f"p and q must be below the season's length, {season}.")
        if self.trend == "c" and d + seasonal[1]:
            raise TrainingInputInvalid("trend", "a constant vanishes in a differenced series: use n.")


def build(values: Vector, order: ModelOrder) -> Any:
    """The statsmodels model of a series, nothing estimated yet."""
    seasonal = order.seasonal_order if any(order.seasonal_order[:3]) else (0, 0, 0, 0)
    return ARIMA(values, order=order.order, seasonal_order=seasonal, trend=order.trend)


def fit(values: Vector, order: ModelOrder, *, starts: int, seed: int, polish: bool = True) -> Any:
    """Fit by maximum likelihood from `starts` random starts and the usual one; returns statsmodels results.

    `values` (n,) are in time order; without `polish` the optimum has fewer digits, and is found sooner. The
    same values, order, starts and seed give the same parameters. Raises TrainingInputInvalid when the series
    is too short or constant, or nothing can be estimated.
    """
    order.check()
    scale = float(values.std())
    if not scale > 1e-12 * float(np.abs(values).max()):
        raise TrainingInputInvalid("values", "the series is constant, there is nothing to estimate.")
    # Likelihoods of a series of unit scale are better conditioned: the optimiser gets nearer to the optimum.
    model = build(values / scale, order)
    usual = _usual_start(model)
    if values.size < max(2 * usual.size, model.k_states + 3):
        raise TrainingInputInvalid("values", f"{values.size} rows are too few for {usual.size} parameters.")
    best_value, best = -np.inf, usual
    for number, start in enumerate([usual, *_starts(model, usual, order, starts, seed)]):
        value, parameters = _optimise(model, start, _COARSE if polish else _QUICK)
        logger.debug("Start %s of %s: log likelihood %.4f", number, starts, value)
        if value > best_value:
            best_value, best = value, parameters
            logger.info("Start %s of %s is the best so far", number, starts)
    if not np.isfinite(best_value):
        raise TrainingInputInvalid("order", "the likelihood could not be evaluated at any start.")
    if polish:
        polished_value, polished = _optimise(model, best, _FINE)
        if polished_value > best_value:
            best = polished
    return build(values, order).smooth(_rescaled(best, scale, order), cov_type="none")


def _rescaled(parameters: Vector, scale: float, order: ModelOrder) -> Vector:
    """Parameters of the series itself from those of the series over `scale`."""
    rescaled = parameters.copy()  # the constant is first, when there is one, and the variance last
    if order.trend == "c":
        rescaled[0] *= scale
    rescaled[-1] *= scale * scale
    return rescaled


def _usual_start(model: Any) -> Vector:
    """Where statsmodels would start; it warns where its guess is outside the stationary region."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = np.asarray(model.start_params, dtype=np.float64)
    for warning in caught:
        logger.debug("%s", warning.message)
    return start


def _optimise(model: Any, start: Vector, options: dict[str, float]) -> tuple[float, Vector]:
    """The local optimum reached from a start: log likelihood (-inf when there is none) and parameters."""

    def loss(unconstrained: Vector) -> float:
        value = -float(model.loglike(unconstrained, transformed=False)) / model.nobs
        return value if np.isfinite(value) else 1e10

    try:
        with np.errstate(all="ignore"):
            found = scipy.optimize.minimize(
                loss,
                model.untransform_params(start),
                method="L-BFGS-B",
                options=options,
            )
            parameters = model.transform_params(found.x)
            value = float(model.loglike(parameters))
    except (np.linalg.LinAlgError, ValueError) as error:
        # A start at the edge of the stationary region can have no solution; the other starts go on.
        logger.debug("A start was left: %s", error)
        return -np.inf, start
    return (value, parameters) if np.isfinite(value) else (-np.inf, start)


def _starts(model: Any, usual: Vector, order: ModelOrder, count: int, seed: int) -> list[Vector]:
    """`count` starts, best first: the likeliest draws of the half of all bands of frequencies that do best.

    The local optima of an ARMA are cycles of different length whose AR and MA parts nearly cancel; one start
    a band of frequencies finds them where draws from everywhere crowd into the widest one.
    """
    generator = np.random.default_rng(seed)
    found = []
    bands = 2 * count
    for band in range(bands):
        best_value, best = -np.inf, usual
        for draw in range(_DRAWS_PER_BAND):
            angle = (band + generator.uniform()) / bands * np.pi
            start = _draw(generator, usual, order, angle, cancelling=draw % 2 == 0)
            value = float(model.loglike(start))
            if np.isfinite(value) and value > best_value:
                best_value, best = value, start
        found.append((best_value, band, best))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [start for _, _, start in found[:count]]


def _draw(
    generator: np.random.Generator, usual: Vector, order: ModelOrder, angle: float, *, cancelling: bool
) -> Vector:
    """A random stationary and invertible start; constant and variance are the usual ones."""
    p, _, q = order.order
    seasonal_p, _, seasonal_q, _ = order.seasonal_order
    start = usual.copy()
    position = 1 if order.trend == "c" else 0
    for ar_count, ma_count, first_angle in ((p, q, angle), (seasonal_p, seasonal_q, None)):
        pairs = max((ar_count + 1) // 2, (ma_count + 1) // 2)
        angles = generator.uniform(0, np.pi, pairs)
        if first_angle is not None and pairs:
            angles[0] = first_angle
        others = angles if cancelling else generator.uniform(0, np.pi, pairs)
        ar = -_coefficients(generator, angles, ar_count)
        ma = _coefficients(generator, others, ma_count)
        start[position : position + ar_count + ma_count] = np.concatenate((ar, ma))
        position += ar_count + ma_count
    return start


def _coefficients(generator: np.random.Generator, angles: Vector, count: int) -> Vector:
    """Coefficients (count,) of a polynomial with random roots outside the unit circle, at those angles."""
    moduli = 1 - 10 ** generator.uniform(*_MODULUS_GAP, angles.size)
    polynomial = np.ones(1)
    for modulus, angle in zip(moduli[: count // 2], angles, strict=False):
        polynomial = np.convolve(polynomial, [1, -2 * modulus * np.cos(angle), modulus**2])
    if count % 2:
        polynomial = np.convolve(polynomial, [1, -moduli[-1] * np.sign(np.cos(angles[-1]))])
    return polynomial[1:]
