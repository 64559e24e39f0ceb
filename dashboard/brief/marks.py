"""What a printed chart is drawn with: labels, rules, dots and rings; places in points from the lower left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dashboard.brief.fonts import REGULAR, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT, LINE = 7.5, 9.5  # points: size of the labels, and from one line of them to the next


def label(
    place: float,
    height: float,
    text: str,
    colour: str,
    *,
    anchor: Literal["start", "middle", "end"] = "start",
    size: float = TEXT,
    font: str = REGULAR,
) -> Any:
    """One line of text; `anchor` says which point of it lies on the place."""
    from reportlab.graphics.shapes import String
    from reportlab.lib.colors import HexColor

    return String(
        place,
        height,
        printable(text),
        fontName=font,
        fontSize=size,
        fillColor=HexColor(colour),
        textAnchor=anchor,
    )


def rule(
    left: float,
    bottom: float,
    right: float,
    top: float,
    colour: str,
    thickness: float,
    dashes: Sequence[float] = (),
) -> Any:
    """A straight line."""
    from reportlab.graphics.shapes import Line
    from reportlab.lib.colors import HexColor

    return Line(
        left,
        bottom,
        right,
        top,
        strokeColor=HexColor(colour),
        strokeWidth=thickness,
        strokeDashArray=list(dashes),
    )


def dot(place: float, height: float, radius: float, colour: str) -> Any:
    """A filled circle."""
    from reportlab.graphics.shapes import Circle
    from reportlab.lib.colors import HexColor

    return Circle(place, height, radius, fillColor=HexColor(colour), strokeColor=None, strokeWidth=0)


def ring(place: float, height: float, colour: str) -> Any:
    """An open circle."""
    from reportlab.graphics.shapes import Circle
    from reportlab.lib.colors import HexColor

    return Circle(place, height, 2.8, fillColor=None, strokeColor=HexColor(colour), strokeWidth=1.2)


def width(text: str, font: str = REGULAR, size: float = TEXT) -> float:
    """How wide a text is when it is printed, in points."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    return float(stringWidth(printable(text), font, size))
