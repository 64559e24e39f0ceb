"""A forecast as it was issued, and how its dates are written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Contract = Literal["yosoku", "course"]


@dataclass(frozen=True)
class ForecastPoint:
    """One step ahead, a whole day at midnight; the limits by level in percent, empty without any."""

    ds: datetime
    mean: float
    lower: Mapping[int, float]
    upper: Mapping[int, float]


@dataclass(frozen=True)
class Vintage:
    """A forecast as an endpoint issued it; never edited.

    `origin` is the last step whose actual it could see, on the series' own clock as each `ds` is; `series`
    names the actuals, `history_digest` tells those that it saw (empty where that isn't known), `issued_at` is
    in UTC.
    """

    endpoint: str
    model_name: str
    model_version: str
    series: str
    origin: datetime
    issued_at: datetime
    frequency: str
    latency_ms: float
    contract: Contract
    points: tuple[ForecastPoint, ...]
    history_digest: str = ""

    @property
    def identity(self) -> tuple[str, str, datetime, datetime]:
        """What tells it from every other: endpoint, series, origin and the moment of its issue."""
        return self.endpoint, self.series, self.origin, self.issued_at

    def within(self, horizon: int) -> Vintage:
        """The same forecast cut to its first `horizon` steps."""
        return self if len(self.points) <= horizon else replace(self, points=self.points[:horizon])


def written(moment: datetime) -> str:
    """A date as the scoring contract has it: 2014-05-31, or 2014-05-31T13:00:00 where it has an hour."""
    return moment.date().isoformat() if moment.time() == time.min else moment.isoformat()


def read_moment(text: str) -> datetime:
    """A date as it was written; a zone is left off, since a series has its own clock."""
    return datetime.fromisoformat(text).replace(tzinfo=None)
