"""The candidates that tests go through, and a series that none of them finds flat."""

from __future__ import annotations

import numpy as np

from scoring.candidates.candidate import Candidate
from scoring.candidates.catalogue import candidates_of
from scoring.kinds.outlook import Vector
from tests.scoring.kind_examples import FIRST

# Every candidate of daily data, of data without a season, and what differs by month.
DAILY = candidates_of("D", positive=True)
SEASONLESS = [
    one for one in candidates_of("YS-JAN", positive=True) if one.slug not in ("course-arima", "arima-900")
]
MONTHLY = [one for one in candidates_of("MS", positive=True) if one.slug == "structural"]
CANDIDATES: dict[str, tuple[Candidate, int]] = {
    f"{frequency} {candidate.slug}": (candidate, first)
    for frequency, first, candidates in (
        ("D", FIRST, DAILY),
        ("YS", 2014, SEASONLESS),
        ("MS", 24168, MONTHLY),
    )
    for candidate in candidates
}


def series_of(count: int, seed: int = 0) -> Vector:
    """A positive series with a season of 4, 7 and 12 steps, so that no frequency finds it flat."""
    generator = np.random.default_rng(seed)
    steps = np.arange(count)
    waves = sum(np.sin(2 * np.pi * steps / season) for season in (4, 7, 12))
    return np.asarray(100 + 8 * waves + 0.2 * steps + 5 * generator.normal(size=count), dtype=np.float64)
