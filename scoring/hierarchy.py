"""Coherent forecasts of series that add up: countries and categories to a total.

Every node has a forecast of its own; `weights` turns those into forecasts of the bottom series, and `summing`
adds these up again, so that parts and sums agree. Bottom-up takes the bottom series as they are; MinT weighs
all nodes (Wickramasuriya, Athanasopoulos and Hyndman 2019, "Optimal forecast reconciliation").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import ModelFileInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .array_files import ArrayReader
    from .intervals import Intervals
    from .kinds.outlook import Matrix, Outlook, Vector

MAX_NODES = 200
"""Nodes of a hierarchy, at most: its matrices are dense."""


@dataclass(frozen=True)
class Hierarchy:
    """`summing` (nodes, bottoms) of zeros and ones, the bottom series last; `weights` (bottoms, nodes)."""

    summing: Matrix
    weights: Matrix

    @property
    def bottoms(self) -> int:
        """How many series are at the bottom."""
        return int(self.summing.shape[1])

    def reconciled(self, outlooks: Sequence[Outlook], intervals: Sequence[Intervals] = ()) -> list[Outlook]:
        """The outlooks of all nodes, in their order, made to add up; how wide they are stays their own.

        Given the nodes' `intervals`, the bottom series' means are held inside their support before they are
        summed. Where a part has no error (its series had not begun), a node keeps that of its own forecast.
        """
        bottoms = self.weights @ np.stack([outlook.mean for outlook in outlooks])
        for row, support in enumerate(intervals[len(intervals) - self.bottoms :]):
            bottoms[row] = support.inside(bottoms[row])
        mean = self.summing @ bottoms
        through = self.summing @ self.weights
        own_fitted = np.stack([outlook.fitted for outlook in outlooks])
        own_errors = np.stack([outlook.errors for outlook in outlooks])
        fitted, errors = through @ own_fitted, through @ own_errors
        unknown = np.isnan(fitted) | np.isnan(errors)
        fitted, errors = np.where(unknown, own_fitted, fitted), np.where(unknown, own_errors, errors)
        return [
            replace(outlook, mean=mean[row], fitted=fitted[row], errors=errors[row])
            for row, outlook in enumerate(outlooks)
        ]

    def summed(self, bottoms: Sequence[Vector]) -> list[Vector]:
        """The values of all nodes from those of the bottom series, which cover the same steps."""
        return list(self.summing @ np.stack(list(bottoms)))


def bottom_up(summing: Matrix) -> Matrix:
    """The weights that take the bottom series' own forecasts, (bottoms, nodes)."""
    nodes, bottoms = summing.shape
    return np.hstack([np.zeros((bottoms, nodes - bottoms)), np.eye(bottoms)])


def read_hierarchy(arrays: ArrayReader, nodes: int) -> Hierarchy:
    """The hierarchy of a model file with so many series; ModelFileInvalid when it can't be one."""
    if nodes > MAX_NODES:
        raise ModelFileInvalid(f"The hierarchy has {nodes} nodes, at most {MAX_NODES} are served.")
    summing = arrays.read("summing", (nodes, None))
    bottoms = summing.shape[1]
    weights = arrays.read("weights", (bottoms, nodes))
    if not ((summing == 0) | (summing == 1)).all() or bottoms > nodes:
        raise ModelFileInvalid("summing.npy must hold zeros and ones, no more columns than rows.")
    if not np.array_equal(summing[nodes - bottoms :], np.eye(bottoms)):
        raise ModelFileInvalid("summing.npy: the last rows must be the bottom series themselves.")
    return Hierarchy(summing, weights)
