"""A forecast as it was issued."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

Contract = Literal["yosoku", "course"]


@dataclass(frozen=True)
class ForecastPoint:
    """One day ahead; the limits by level in percent, empty where the model gives none."""

    ds: date
    mean: float
    lower: Mapping[int, float]
    upper: Mapping[int, float]


@dataclass(frozen=True)
class Vintage:
    """A forecast as an endpoint issued it; never edited.

    `origin` is the last day whose actual it could see, `series` names the actuals, `issued_at` is in UTC.
    """

    endpoint: str
    model_name: str
    model_version: str
    series: str
    origin: date
    issued_at: datetime
    frequency: str
    latency_ms: float
    contract: Contract
    points: tuple[ForecastPoint, ...]

    def within(self, horizon: int) -> Vintage:
        """The same forecast cut to its first `horizon` steps."""
        return self if len(self.points) <= horizon else replace(self, points=self.points[:horizon])
