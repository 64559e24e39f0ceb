"""How a page's text is set: paragraphs, tiles, parts and tables, measured, in one size and language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from dashboard.brief import content
from dashboard.brief.colours import palette, tone_colours
from dashboard.brief.fonts import BOLD, REGULAR, printable
from dashboard.brief.marks import width as text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from dashboard.board import Tile
    from dashboard.brief.content import Part

HEIGHT = 841.89  # points of an A4 page
BULLET, INDENT = "\N{BULLET}", 8.0
LEFT, RIGHT = 0, 2  # reportlab's numbers of alignments


@dataclass(frozen=True)
class Block:
    """A paragraph or table, measured, with the room above it; points."""

    flowable: Any
    height: float
    above: float = 0.0

    @property
    def whole(self) -> float:
        """Its height with the room above."""
        return self.above + self.height


class Setter:
    """Sets text in one size and language; Japanese lines break between any two letters."""

    def __init__(self, language: str, size: float) -> None:
        self._wrap = "CJK" if language == "ja" else None
        self._size = size

    def block(
        self,
        text: str,
        width: float,
        size: float,
        *,
        bold: bool = False,
        colour: str | None = None,
        above: float = 0.0,
    ) -> Block:
        """A paragraph of plain text."""
        from reportlab.platypus import Paragraph

        return _measured(Paragraph(_plain(text), self._style(size, bold, colour)), width, above)

    def heading(self, title: str, width: float, *, first: bool) -> Block:
        """A part's title."""
        return self.block(title, width, 9, bold=True, colour=palette().forecast, above=0 if first else 8)

    def tile(self, tile: Tile, width: float, *, above: float) -> list[Block]:
        """Label, figure and remark, one under the other."""
        return [
            self.block(content.cut(tile.label, 60), width, 7, colour=palette().quiet, above=above),
            self.block(content.cut(tile.value, 30), width, 14, bold=True),
            self.block(content.cut(tile.remark, 80), width, 7, colour=palette().quiet, above=1),
        ]

    def part(self, part: Part, width: float, *, first: bool) -> list[Block]:
        """A title with its sentences, each with its advice in grey."""
        from reportlab.platypus import Paragraph

        blocks = [self.heading(part.title, width, first=first)]
        tones = tone_colours()
        for sentence in part.sentences:
            style = self._style(7.5, False, None)
            style.leftIndent, style.bulletFontName, style.bulletFontSize = INDENT, REGULAR, style.fontSize
            bullet = f'<bullet color="{tones[sentence.tone]}">{BULLET}</bullet>'
            told = bullet + _plain(sentence.text)
            if sentence.advice:
                told += f' <font color="{palette().quiet}">{_plain(sentence.advice)}</font>'
            blocks.append(_measured(Paragraph(told, style), width, 2.5))
        if part.rest:
            blocks.append(self.block(part.rest, width, 7.5, colour=palette().quiet, above=2.5))
        return blocks

    def table(self, frame: pd.DataFrame, width: float) -> Block:
        """A table of words: its first column to the left, the others to the right."""
        from reportlab.lib.colors import HexColor
        from reportlab.platypus import Paragraph, Table, TableStyle

        def row(cells: Sequence[object], colour: str) -> list[Any]:
            styles = [self._style(7, False, colour) for _ in cells]
            for place, style in enumerate(styles):
                style.alignment = RIGHT if place else LEFT
            return [Paragraph(_plain(str(cell)), style) for cell, style in zip(cells, styles, strict=True)]

        rows = [row(list(frame.columns), palette().quiet)]
        rows += [row(cells, palette().ink) for cells in frame.to_numpy().tolist()]
        table = Table(rows, colWidths=_column_widths(frame, width))
        table.setStyle(
            TableStyle(
                [
                    ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor(palette().grid)),
                    ("LEFTPADDING", (0, 0), (-1, -1), 0),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                    ("TOPPADDING", (0, 0), (-1, -1), 1.4),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                    ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ]
            )
        )
        return _measured(table, width, 2)

    def _style(self, size: float, bold: bool, colour: str | None) -> Any:
        from reportlab.lib.colors import HexColor
        from reportlab.lib.styles import ParagraphStyle

        points = size * self._size
        return ParagraphStyle(
            "brief",
            fontName=BOLD if bold else REGULAR,
            fontSize=points,
            leading=points * 1.32,
            textColor=HexColor(colour or palette().ink),
            wordWrap=self._wrap,
            splitLongWords=1,
        )


def stack(canvas: Any, blocks: Sequence[Block], left: float, top: float) -> float:
    """Draw blocks one under the other; where the next would begin."""
    for block in blocks:
        top -= block.whole
        block.flowable.drawOn(canvas, left, top)
    return top


def tallest(columns: Sequence[Sequence[Block]]) -> float:
    """The height of the tallest of some columns."""
    return max((sum(block.whole for block in column) for column in columns), default=0.0)


def _column_widths(frame: pd.DataFrame, width: float) -> list[float]:
    """Each column as wide as its longest text asks for, all together as wide as the table."""
    asked = [
        max(text_width(str(text), size=7) for text in (name, *frame[name])) + 6 for name in frame.columns
    ]
    return [width * one / sum(asked) for one in asked]


def _measured(flowable: Any, width: float, above: float) -> Block:
    return Block(flowable, float(flowable.wrap(width, HEIGHT)[1]), above)


def _plain(text: str) -> str:
    return escape(printable(" ".join(text.split())))
