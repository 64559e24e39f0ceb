"""What was found to stand out in a series, with the figures that a sentence about it needs; JSON-able."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Sequence

Code = Literal["incomplete-last", "gaps", "interpolated", "duplicates", "outlier", "profile-changed"]


class Case(TypedDict):
    """A value that is unlike the `compared` ones before it; `usual` is their median."""

    date: str
    value: float
    usual: float
    compared: int
    z: float


class Details(TypedDict, total=False):
    """What a sentence needs: `season` and `cases` of outliers and an incomplete last value; season,
    correlation, limit, since and recent_seasons of a changed profile; the longest run of gaps and
    interpolated values; the number of rows that duplicates have."""

    season: int
    cases: Sequence[Case]
    correlation: float
    limit: float
    since: str
    recent_seasons: int
    longest: int
    rows: int


@dataclass(frozen=True)
class Finding:
    """One thing that stands out.

    `dates` are written as the series writes them, oldest first, the newest 100 of `count`.
    """

    code: Code
    dates: tuple[str, ...]
    count: int
    details: Details
