"""The light theme's colours, for documents that no theme of the app reaches."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboard import chart_style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.board import Tone

THEMES = Path(__file__).parent.parent.parent / ".streamlit" / "config.toml"
PLACEHOLDERS = (  # in the order of the theme's chartCategoricalColors
    chart_style.INK,
    chart_style.FORECAST,
    chart_style.BAND_80,
    chart_style.BAND_95,
    chart_style.SAID,
    chart_style.MISS,
    chart_style.GOOD,
    chart_style.GRID,
    chart_style.PANEL,
    chart_style.PAPER,
)
WHITE = "#FFFFFF"


@dataclass(frozen=True)
class Palette:
    """What charts are drawn with, as #RRGGBB; the bands are those of the theme laid over white paper."""

    ink: str
    forecast: str
    band_80: str
    band_95: str
    said: str
    miss: str
    good: str
    grid: str
    panel: str
    paper: str
    quiet: str


@functools.cache
def palette() -> Palette:
    """The light theme's colours."""
    colours = _theme_colours()
    outer = over(colours[chart_style.BAND_95], WHITE)
    return Palette(
        ink=colours[chart_style.INK],
        forecast=colours[chart_style.FORECAST],
        band_80=over(colours[chart_style.BAND_80], outer),  # the inner band lies on the outer one
        band_95=outer,
        said=colours[chart_style.SAID],
        miss=colours[chart_style.MISS],
        good=colours[chart_style.GOOD],
        grid=colours[chart_style.GRID],
        panel=colours[chart_style.PANEL],
        paper=colours[chart_style.PAPER],
        quiet=str(_light()["grayColor"]),
    )


def tone_colours() -> Mapping[Tone, str]:
    """What marks a sentence of each tone."""
    colours = palette()
    return {"good": colours.good, "bad": colours.miss, "calm": colours.said}


def coloured(figure: Any) -> Any:
    """A figure's parts, as in JSON, with the theme's colours in place of the charts' placeholders.

    Only a value that is nothing but a placeholder is one: a note may well tell of ticket #000004.
    """
    if isinstance(figure, dict):
        return {name: coloured(part) for name, part in figure.items()}
    if isinstance(figure, list):
        return [coloured(part) for part in figure]
    return _theme_colours().get(figure, figure) if isinstance(figure, str) else figure


def over(colour: str, ground: str) -> str:
    """A colour with transparency (#RRGGBBAA) as it looks on a ground (#RRGGBB)."""
    opacity = int(colour[7:9], 16) / 255 if len(colour) == 9 else 1.0
    mixed = [
        round(int(colour[at : at + 2], 16) * opacity + int(ground[at : at + 2], 16) * (1 - opacity))
        for at in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02X}" for part in mixed)


@functools.cache
def _theme_colours() -> dict[str, str]:
    colours = [str(colour) for colour in _light()["chartCategoricalColors"]]
    return dict(zip(PLACEHOLDERS, colours, strict=True))


@functools.cache
def _light() -> dict[str, Any]:
    with THEMES.open("rb") as file:
        light: dict[str, Any] = tomllib.load(file)["theme"]["light"]
    return light
