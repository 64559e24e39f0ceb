"""What an endpoint is asked about a panel: nodes, origins and history, in requests that its contract allows.

The contract bounds an answer's numbers and a request's bytes, so that it is asked in parts: by origins, the
newest first, and where the parts of the panel are independent of each other also by parts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from backend.accuracy import LEVELS
from backend.forecast_types import written
from backend.forecasts import PAST_ORIGINS, origins_of
from backend.horizons import LONGEST
from scoring.contract import ALL_SERIES, MAX_ANSWER_VALUES, MAX_BODY_BYTES, MAX_HISTORY_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from backend.panel import Panel

MOST_NUMBERS = 1_500_000
"""Numbers that one refresh asks for in all: 28 nodes have 50 past origins, a thousand series two."""
BODY_ROOM = 100_000  # bytes that a request needs beside its history
LEAST_SEASONS = 4
"""Seasons in which every part must have been there, for the past origins to begin with them."""


@dataclass(frozen=True)
class Question:
    """Nodes that are asked for together, and from which origins.

    `first` is the place of the first step of their history; None where each has its own.
    """

    nodes: tuple[str, ...]
    origins: tuple[datetime, ...]
    first: int | None = None


def questions(panel: Panel) -> Iterator[Question]:
    """What one refresh wants to know: nodes that add up together, else independent parts in groups.

    Parts that add up are asked about from when all of them have begun, so that no origin lies where one was
    not there yet; and the model keeps what it saw before that itself.
    """
    horizon = LONGEST[panel.frequency]
    origins = _origins(panel, horizon)
    if panel.adds_up:
        first = max(panel.begins)
        if len(panel.steps) - first < LEAST_SEASONS * panel.season:
            first = 0  # one is too young for the others to wait for
        least = panel.steps[min(first + 2 * panel.season, len(panel.steps)) - 1]
        kept = tuple(origin for origin in origins if origin >= least or origin == panel.origin)
        yield Question(panel.nodes, kept, first)
        return
    most = max(1, MAX_ANSWER_VALUES // _numbers(1, horizon))
    for begin in range(0, len(panel.nodes), most):
        yield from _alone(panel, panel.nodes[begin : begin + most], origins)


def _alone(panel: Panel, nodes: tuple[str, ...], origins: tuple[datetime, ...]) -> Iterator[Question]:
    """All parts of a group from the end; those that are old enough also from the past origins."""
    yield Question(nodes, origins[-1:], None)
    if len(origins) > 1:
        place = int(panel.steps.searchsorted(pd.Timestamp(origins[0])))
        old = tuple(node for node in nodes if panel.begin_of(node) + 2 * panel.season - 1 <= place)
        if old:
            yield Question(old, origins[:-1], None)


def _origins(panel: Panel, horizon: int) -> tuple[datetime, ...]:
    """The end, and before it as many origins a season apart as a refresh may ask for."""
    eldest = min(panel.nodes, key=panel.begin_of)
    count = min(PAST_ORIGINS + 1, max(1, MOST_NUMBERS // _numbers(len(panel.nodes), horizon)))
    return tuple(origins_of(panel.actuals(eldest))[-count:])


def _numbers(nodes: int, horizon: int) -> int:
    """Numbers in an answer, an origin."""
    return nodes * horizon * (1 + 2 * len(LEVELS))


def in_parts(asked: Question, horizon: int) -> Iterator[Question]:
    """The same in requests that the contract allows, the newest origins first."""
    size = max(1, MAX_ANSWER_VALUES // _numbers(len(asked.nodes), horizon))
    for end in range(len(asked.origins), 0, -size):
        yield replace(asked, origins=asked.origins[max(0, end - size) : end])


def question_text(panel: Panel, asked: Question) -> str | None:
    """A request's body; None when none of its origins lies in the history that fits into it."""
    history, first = _history(panel, asked)
    origins = [written(origin) for origin in asked.origins if first is None or origin >= panel.steps[first]]
    if not origins:
        return None
    question = {
        "horizon": LONGEST[panel.frequency],
        "levels": list(LEVELS),
        "series": ALL_SERIES if panel.adds_up else list(asked.nodes),
        "origins": origins,
    }
    return f'{{"history":{history},{_encode(question)[1:]}'


def _history(panel: Panel, asked: Question) -> tuple[str, int | None]:
    """The rows as JSON, cut at their beginning until they fit a request, and the place of the first row; None
    where every part has its own."""
    parts = panel.parts if panel.adds_up else asked.nodes
    count = len(panel.steps)
    first = asked.first
    if count > MAX_HISTORY_ROWS:
        first = max(first or 0, count - MAX_HISTORY_ROWS)
    while True:
        text = _encode(panel.history(parts, first))
        if len(text) <= MAX_BODY_BYTES - BODY_ROOM or (first or 0) >= count - 2:
            return text, first
        kept = int((count - (first or 0)) * (MAX_BODY_BYTES - BODY_ROOM) / len(text) * 0.95)
        first = count - max(kept, 2)


def _encode(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
