"""The stored form of a forecast's points: an array a quantity, which reads faster than an object a point.

`{"ds": [...], "mean": [...], "lower": {"80": [...]}, "upper": {"80": [...]}}`; null is a limit that a point
doesn't have.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

from backend.forecast_types import ForecastPoint, read_moment, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Forecasts from neighbouring origins speak of the same days.
_moment = functools.lru_cache(maxsize=8192)(read_moment)


def written_points(points: Sequence[ForecastPoint]) -> dict[str, Any]:
    """Points as they are stored."""
    return {
        "ds": [written(point.ds) for point in points],
        "mean": [point.mean for point in points],
        "lower": _written_limits([point.lower for point in points]),
        "upper": _written_limits([point.upper for point in points]),
    }


def read_points(stored: Mapping[str, Any]) -> tuple[ForecastPoint, ...]:
    """Points as they were before they were stored."""
    moments = [_moment(ds) for ds in stored["ds"]]
    lower = _read_limits(stored["lower"], len(moments))
    upper = _read_limits(stored["upper"], len(moments))
    return tuple(map(ForecastPoint, moments, stored["mean"], lower, upper))


def _written_limits(limits: Sequence[Mapping[int, float]]) -> dict[str, list[float | None]]:
    levels = sorted({level for each in limits for level in each})
    return {str(level): [each.get(level) for each in limits] for level in levels}


def _read_limits(stored: Mapping[str, Sequence[float | None]], count: int) -> list[dict[int, float]]:
    levels = [int(level) for level in stored]
    if not levels:
        return [{} for _ in range(count)]
    rows = zip(*stored.values(), strict=True)
    if any(None in column for column in stored.values()):
        return [
            {level: limit for level, limit in zip(levels, row, strict=True) if limit is not None}
            for row in rows
        ]
    return list(map(dict, map(zip, itertools.repeat(levels), rows)))
