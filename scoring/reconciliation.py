"""Which way a hierarchy's forecasts are made to add up: bottom-up, or MinT where backtests prefer it.

MinT's weights come from `hierarchicalforecast`, which belongs to the extra for many series
(requirements-many-series.txt); without it forecasts are bottom-up.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from .errors import CandidateUnfit
from .hierarchy import Hierarchy, bottom_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .intervals import Intervals
    from .kinds.outlook import Matrix, Outlook, Vector

logger = logging.getLogger(__name__)

Method: TypeAlias = Literal["bottom-up", "mint"]

_MARGIN = 0.99
# Fewer errors say nothing of how the nodes' errors go together.
_FEWEST_ERRORS = 20


@dataclass(frozen=True)
class NodeBacktest:
    """What the nodes forecast at past origins, and what came.

    `outlooks` are all nodes' at each origin (a count of values), `actuals` (nodes, n) their values, `scales`
    (nodes,) what their errors are divided by, `intervals` those that the nodes are served with.
    """

    outlooks: Mapping[int, Sequence[Outlook]]
    actuals: Matrix
    scales: Vector
    intervals: Sequence[Intervals]

    def error(self, hierarchies: Mapping[int, Hierarchy]) -> float:
        """The mean over nodes and origins of the absolute error over the node's scale."""
        found = []
        for origin, hierarchy in hierarchies.items():
            reconciled = hierarchy.reconciled(self.outlooks[origin], self.intervals)
            means = np.stack([outlook.mean for outlook in reconciled])
            known = self.actuals[:, origin : origin + means.shape[1]]
            absolute = np.abs(means[:, : known.shape[1]] - known).mean(axis=1)
            found.append(float(np.mean(absolute / self.scales)))
        return float(np.mean(found))


@dataclass(frozen=True)
class Reconciled:
    """The hierarchy, how it adds up, and the mean scaled absolute error of each way that was tried."""

    hierarchy: Hierarchy
    method: Method
    errors: Mapping[Method, float]


def reconcile(summing: Matrix, backtest: NodeBacktest) -> Reconciled:
    """Choose the weights by backtest.

    At each origin MinT's weights are made of the errors known there; those that are served, of the newest
    origin's. Without an origin, or where MinT can't be had, the forecasts are bottom-up, and a line says why.
    """
    plain = Hierarchy(summing, bottom_up(summing))
    if not backtest.outlooks:
        logger.info("Bottom-up: there is no origin at which all nodes could be scored")
        return Reconciled(plain, "bottom-up", {})
    errors: dict[Method, float] = {"bottom-up": backtest.error(dict.fromkeys(backtest.outlooks, plain))}
    try:
        weighed = {
            origin: Hierarchy(summing, mint_weights(summing, outlooks))
            for origin, outlooks in backtest.outlooks.items()
        }
    except CandidateUnfit as error:
        logger.info("Bottom-up: %s", error)
        return Reconciled(plain, "bottom-up", errors)
    errors["mint"] = backtest.error(weighed)
    if errors["mint"] < _MARGIN * errors["bottom-up"]:
        return Reconciled(weighed[max(weighed)], "mint", errors)
    return Reconciled(plain, "bottom-up", errors)


def mint_weights(summing: Matrix, outlooks: Sequence[Outlook]) -> Matrix:
    """MinT's weights with a shrunk covariance of the nodes' one-step errors, (bottoms, nodes).

    Raises CandidateUnfit without hierarchicalforecast, with too few errors, and where they have no inverse.
    """
    try:
        from hierarchicalforecast.methods import MinTrace
    except ImportError as error:
        raise CandidateUnfit("MinT needs the extra of requirements-many-series.txt") from error
    fitted = np.stack([outlook.fitted for outlook in outlooks])
    errors = np.stack([outlook.errors for outlook in outlooks])
    known = ~(np.isnan(fitted) | np.isnan(errors)).any(axis=0)
    if known.sum() < _FEWEST_ERRORS:
        raise CandidateUnfit(f"MinT needs {_FEWEST_ERRORS} errors of all nodes, there are {known.sum()}")
    fitted, errors = fitted[:, known], errors[:, known]
    # The weights are the same in any unit, but what protects their inverse is meant for values near 1.
    unit = float(errors.std()) or 1.0
    method = MinTrace("mint_shrink")
    try:
        method.fit(
            S=summing,
            y_hat=np.stack([outlook.mean for outlook in outlooks]) / unit,
            # One more each: it refuses errors that add up to zero, as those of a mean do, and their
            # covariance is the same.
            y_insample=(fitted + errors) / unit + 1,
            y_hat_insample=fitted / unit,
        )
    except Exception as error:
        if type(error) is not Exception:
            raise
        # Which is what it raises for residuals that are all zero or have no inverse.
        raise CandidateUnfit(f"MinT can't be had: {error}") from error
    weights = np.asarray(method.P, dtype=np.float64)
    if not np.isfinite(weights).all():
        raise CandidateUnfit("MinT can't be had: its weights are infinite")
    return weights
