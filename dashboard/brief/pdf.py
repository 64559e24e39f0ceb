"""The brief as a PDF: one page of A4 without a browser, its chart as vectors, its letters embedded."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from dashboard.brief import content
from dashboard.brief.colours import palette
from dashboard.brief.drawing import chart_drawing
from dashboard.brief.fonts import register_fonts
from dashboard.brief.setting import HEIGHT, Block, Setter, stack, tallest

if TYPE_CHECKING:
    from dashboard.board import Board
    from dashboard.brief.content import Part
    from dashboard.i18n import Reader

WIDTH, MARGIN = 595.28, 40.0  # points: A4
INSIDE = WIDTH - 2 * MARGIN
GUTTER = 22.0  # between the two columns, and half of it around the chart
COLUMN = (INSIDE - GUTTER) / 2
CHART_LOW, CHART_HIGH = 150.0, 330.0
FOOTER = 14.0
# How large the text is, and how many sentences fewer each part has, until all of it fits.
SIZES = ((1.06, 0), (1.0, 0), (0.94, 0), (0.88, 0), (0.88, 1), (0.82, 2), (0.76, 4))
_lock = threading.Lock()  # reportlab's fonts know which letters the document at hand has used


def pdf_brief(reader: Reader, board: Board) -> bytes:
    """The board as a PDF of exactly one page, titled with its message."""
    from reportlab.pdfgen.canvas import Canvas

    register_fonts()
    stream = BytesIO()
    with _lock:
        canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT), lang=reader.language, pageCompression=1)
        canvas.setTitle(board.title)
        canvas.setSubject(board.alt)
        canvas.setAuthor(reader.t("app.title"))
        canvas.setCreator(reader.t("app.title"))
        _fitting(reader, board).draw(canvas, board)
        canvas.showPage()
        canvas.save()
    return stream.getvalue()


@dataclass(frozen=True)
class Fit:
    """How large the text may be so that all fits a page, and which parts stand in which column."""

    size: float
    left: list[Part]
    right: list[Part]


def fitting(reader: Reader, board: Board) -> Fit:
    """The largest text that leaves the chart its room."""
    register_fonts()
    return _fitting(reader, board).fit


def _fitting(reader: Reader, board: Board) -> _Page:
    for size, fewer in SIZES:
        page = _set(reader, board, size, fewer)
        if page.chart_room >= CHART_LOW:
            break
    return page


@dataclass(frozen=True)
class _Page:
    """All that stands on the page, set in one size."""

    head: list[Block]
    tiles: list[list[Block]]
    left: list[Block]
    right: list[Block]
    foot: Block
    fit: Fit

    @property
    def chart_room(self) -> float:
        """What is left for the chart."""
        used = sum(block.whole for block in self.head) + tallest(self.tiles)
        return HEIGHT - 2 * MARGIN - FOOTER - GUTTER - used - tallest([self.left, self.right])

    def draw(self, canvas: Any, board: Board) -> None:
        """Put everything on the canvas; the chart takes what the text leaves."""
        from reportlab.graphics import renderPDF

        top = stack(canvas, self.head, MARGIN, HEIGHT - MARGIN)
        wide = INSIDE / max(len(self.tiles), 1)
        for number, tile in enumerate(self.tiles):
            stack(canvas, tile, MARGIN + number * wide, top)
        top -= tallest(self.tiles) + GUTTER / 2
        high = min(max(self.chart_room, CHART_LOW), CHART_HIGH)
        renderPDF.draw(chart_drawing(board.lines, board.words, INSIDE, high), canvas, MARGIN, top - high)
        top -= high + GUTTER / 2
        stack(canvas, self.left, MARGIN, top)
        stack(canvas, self.right, MARGIN + COLUMN + GUTTER, top)
        stack(canvas, [self.foot], MARGIN, MARGIN)


def _set(reader: Reader, board: Board, size: float, fewer: int) -> _Page:
    """The page set in a size."""
    text = Setter(reader.language, size)
    quiet = palette().quiet
    head = [
        text.block(f"{reader.t('app.title')} · {board.name}", INSIDE, 7.5, colour=quiet),
        text.block(content.cut(board.title), INSIDE, 15, bold=True, above=3),
    ]
    if board.lead:
        head.append(text.block(content.cut(board.lead), INSIDE, 9.5, above=4))
    head.append(text.block(content.cut(board.byline), INSIDE, 7.5, colour=quiet, above=4))
    wide = INSIDE / max(len(board.tiles), 1) - GUTTER / 2
    left = [
        block
        for number, (title, frame) in enumerate(content.tables(reader, board))
        for block in (text.heading(title, COLUMN, first=number == 0), text.table(frame, COLUMN))
    ]
    right: list[Block] = []
    fit = Fit(size, [], [])
    for part in content.parts(reader, board, fewer):
        # The first part stands beside the tables, and each other where there is more room.
        beside = not right or tallest([right]) <= tallest([left])
        blocks, column_parts = (right, fit.right) if beside else (left, fit.left)
        blocks += text.part(part, COLUMN, first=not blocks)
        column_parts.append(part)
    tiles = [text.tile(tile, wide, above=GUTTER / 2) for tile in board.tiles]
    foot = text.block(reader.t("brief.footer"), INSIDE, 6.5, colour=quiet)
    return _Page(head, tiles, left, right, foot, fit)
