"""What of a board goes on one page: the sentences that matter most, and no text without end; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.board import Board, Sentence
    from dashboard.i18n import Reader

DAYS, LEADS = 7, 6  # rows of the tables
LONGEST = 220  # characters of a sentence
FULLEST = (("signals", 5), ("calibration", 4), ("misses", 3), ("notes", 3))  # sentences of each part


@dataclass(frozen=True)
class Part:
    """Some sentences under a title, cut; `rest` says how many more there are, where there are."""

    title: str
    sentences: tuple[Sentence, ...]
    rest: str = ""


def parts(reader: Reader, board: Board, fewer: int = 0) -> list[Part]:
    """Signals, calibration, misses and notes, each cut to its first sentences; `fewer` cuts so many more.

    What there is nothing of is left out, but for the signals: that nothing stands out is told.
    """
    found = []
    for name, most in FULLEST:
        sentences: tuple[Sentence, ...] = getattr(board, name)
        kept = tuple(
            replace(one, text=cut(one.text), advice=cut(one.advice))
            for one in sentences[: max(most - fewer, 1)]
        )
        left = len(sentences) - len(kept)
        rest = reader.t("brief.more", count=left) if left else ""
        if not sentences and name == "signals":
            rest = reader.t("brief.no_signals")
        if sentences or rest:
            found.append(Part(reader.t(f"brief.{name}"), kept, rest))
    return found


def tables(reader: Reader, board: Board) -> list[tuple[str, pd.DataFrame]]:
    """The two tables with their titles, in words; an empty one is left out."""
    both = (
        (reader.t("brief.days"), board.days.head(DAYS)),
        (reader.t("accuracy.title"), board.accuracy.head(LEADS)),
    )
    return [(title, frame) for title, frame in both if len(frame)]


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of at most so many characters, with an ellipsis where it was longer."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
