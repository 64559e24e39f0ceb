"""The chart as a picture, where a Chromium is at hand to draw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.errors import YosokuError
from dashboard.brief.colours import palette
from dashboard.brief.figure import themed_figure

if TYPE_CHECKING:
    from dashboard.board import Board

WIDTH, HEIGHT, SCALE = 1200, 500, 2


class NoPicture(YosokuError):
    """There is no Chromium, or no kaleido to drive it."""


def png_chart(board: Board) -> bytes:
    """The chart in the light theme's colours; raises NoPicture with what is missing."""
    import plotly.io

    figure = themed_figure(board, height=HEIGHT)
    figure["layout"]["paper_bgcolor"] = palette().paper
    try:
        picture: bytes = plotly.io.to_image(
            figure, format="png", width=WIDTH, height=HEIGHT, scale=SCALE, validate=False
        )
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        raise NoPicture(
            "A picture needs Chromium on the server and the package kaleido; the PDF needs neither.",
            code="brief.no_picture",
            evidence=str(error)[:500],
        ) from error
    return picture
