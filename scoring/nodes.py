"""From bottom series named by several columns to the nodes of their hierarchy: parts, sums, the total."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from .errors import TrainingInputInvalid
from .frequency import frequency_of
from .hierarchy import MAX_NODES
from .node_names import nodes_of
from .series import Panel, Series

if TYPE_CHECKING:
    from .kinds.outlook import Matrix


def with_sums(panel: Panel, *, padded: bool) -> tuple[Panel, Matrix]:
    """All nodes of the panel's hierarchy, the total first and the bottom series last, and how they add up.

    The ids' parts, with / between them, are the levels: of `Australia/Bikes` the nodes are `total`,
    `Australia`, `Bikes` and the bottom series itself. `padded` puts zeros before and after a bottom series
    where another has values. Returns the panel and the summing matrix (nodes, bottoms). Raises
    TrainingInputInvalid for ids of different depth, series of different spans, or too many nodes.
    """
    try:
        found = nodes_of(panel.ids)
    except ValueError as error:
        raise TrainingInputInvalid("hierarchy", str(error)) from error
    bottoms = _same_span(panel, padded=padded)
    if len(found) > MAX_NODES:
        raise TrainingInputInvalid("hierarchy", f"it has {len(found)} nodes, at most {MAX_NODES} are served.")
    names = tuple(node.name for node in found)
    summing = np.zeros((len(found), len(panel.ids)))
    for row, node in zip(summing, found, strict=True):
        row[list(node.bottoms)] = 1.0
    values = summing @ np.stack([series.values for series in bottoms])
    moments = bottoms[0].moments
    nodes = tuple(Series(moments, row, panel.frequency, panel.sha256) for row in values)
    return Panel(names, nodes, panel.frequency, panel.sha256), summing


def _same_span(panel: Panel, *, padded: bool) -> list[Series]:
    """The series over one span of dates."""
    calendar = frequency_of(panel.frequency)
    first = [calendar.place(series.moments[0]) for series in panel.series]
    last = [calendar.place(series.moments[-1]) for series in panel.series]
    begin, end = min(first), max(last)
    if not padded:
        for name, own_first, own_last in zip(panel.ids, first, last, strict=True):
            if (own_first, own_last) != (begin, end):
                raise TrainingInputInvalid(
                    "hierarchy",
                    f"{name} has other dates than another series; with --gaps zero it is filled with zeros.",
                )
        return list(panel.series)
    moments = tuple(calendar.moment(place) for place in range(begin, end + 1))
    found = []
    for series, own_first, own_last in zip(panel.series, first, last, strict=True):
        values = np.concatenate([np.zeros(own_first - begin), series.values, np.zeros(end - own_last)])
        found.append(Series(moments, values, series.frequency, series.sha256))
    return found


def fingerprint(panel: Panel) -> str:
    """The SHA-256 of everything in the panel: names, dates and values."""
    digest = hashlib.sha256()
    for name, series in zip(panel.ids, panel.series, strict=True):
        digest.update(f"{name}\n{series.moments[0].isoformat()}\n".encode())
        digest.update(np.ascontiguousarray(series.values, dtype="<f8").tobytes())
    return digest.hexdigest()
