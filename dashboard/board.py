"""What a board reads of one series, in the reader's words: made once for the page and every export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from dashboard.chart_style import Words
    from dashboard.charts import Lines

Tone = Literal["calm", "good", "bad"]


@dataclass(frozen=True)
class Tile:
    """One figure with its remark; `meaning` says what it measures.

    `course` is its past, oldest first, and `course_words` says in words how it went.
    """

    key: str
    label: str
    value: str
    remark: str
    meaning: str
    course: tuple[float, ...] = ()
    course_words: str = ""


@dataclass(frozen=True)
class Sentence:
    """One thing to know: what, and what to do about it (empty where there is nothing to do)."""

    text: str
    advice: str = ""
    tone: Tone = "calm"


@dataclass(frozen=True, eq=False)
class Board:
    """The page's content, top to bottom; every text is in the reader's language and unescaped.

    `lines` and `words` are what the chart draws, `alt` its takeaway, `steps` the names of the steps that it
    shows a forecast for, by their ISO format. `accuracy` has a row a lead time, `days` a row a step of the
    forecast, both in words; `figures` is the table behind them, as exported: ds, origin, y, mean,
    lower_80 .. upper_95, interpolated.
    """

    name: str
    title: str
    lead: str
    byline: str
    tiles: tuple[Tile, ...]
    lines: Lines
    words: Words
    alt: str
    steps: Mapping[str, str]
    signals: tuple[Sentence, ...]
    calibration: tuple[Sentence, ...]
    misses: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    accuracy: pd.DataFrame
    days: pd.DataFrame
    figures: pd.DataFrame
