"""The brief as one HTML file: its chart interactive on a screen, and vectors on paper."""

from __future__ import annotations

import base64
import functools
import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.brief import content
from dashboard.brief.colours import palette, tone_colours
from dashboard.brief.drawing import chart_drawing
from dashboard.brief.figure import FONTS, themed_figure
from dashboard.brief.fonts import BOLD, REGULAR
from dashboard.brief.pdf import fitting
from dashboard.chart_style import CONFIG

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

    from dashboard.board import Board
    from dashboard.i18n import Reader

TEMPLATE = "brief.html.jinja"
CHART_HEIGHT = 420  # pixels on a screen
DRAWING = (515.0, 240.0)  # points on paper; it is scaled to what the text leaves
POINTS = 8.6  # of the text on paper, where all of it fits


def html_brief(reader: Reader, board: Board) -> str:
    """The board as one HTML file that asks no other for anything, and prints to one page of A4."""
    from markupsafe import Markup

    fit = fitting(reader, board)
    return _template().render(
        board=board,
        language=reader.language,
        t=reader.t,
        cut=content.cut,
        fit=fit,
        tables=[
            (title, [str(name) for name in frame.columns], frame.to_numpy().tolist())
            for title, frame in content.tables(reader, board)
        ],
        colours=palette(),
        tones=tone_colours(),
        fonts=Markup(FONTS),  # noqa: S704  ours
        chart_height=CHART_HEIGHT,
        points=round(POINTS * fit.size, 2),
        drawing=_drawing(board),
        figure=_script_json(themed_figure(board, height=CHART_HEIGHT, zoom=True)),
        config=_script_json({**CONFIG, "responsive": True}),
        plotly=_plotly(),
    )


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(TEMPLATE)


def _drawing(board: Board) -> Markup:
    """The chart as SVG in the fonts of the page."""
    from markupsafe import Markup
    from reportlab.graphics import renderSVG

    written = renderSVG.drawToString(chart_drawing(board.lines, board.words, *DRAWING))
    picture = written[written.index("<svg") :]
    picture = re.sub(r"<(title|desc)>\.\.\.</\1>", "", picture)
    picture = re.sub(r'(<svg) width="[^"]*" height="[^"]*"', r'\1 aria-hidden="true"', picture)
    picture = picture.replace(f"font-family: {BOLD};", "font-weight: 700;")
    picture = picture.replace(f"font-family: {REGULAR};", "")
    return Markup(picture)  # noqa: S704  written as XML, its texts escaped


def _script_json(value: object) -> Markup:
    """JSON that no text in it can end the script of."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704


@functools.cache
def _plotly() -> str:
    """plotly.js (the Python package ships only the whole of it), packed to 2 MB of letters."""
    from plotly.offline import get_plotlyjs

    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()
