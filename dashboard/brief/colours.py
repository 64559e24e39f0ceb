"""The light theme's colours, for documents that no theme of the app reaches."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard import chart_style

THEMES = Path(__file__).parent.parent.parent / ".streamlit" / "config.toml"
PLACEHOLDERS = (
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
    colours = _categorical()
    outer = over(colours[3], WHITE)
    plain = [colour[:7] for colour in colours]
    return Palette(
        ink=plain[0],
        forecast=plain[1],
        band_80=over(colours[2], outer),  # the inner band lies on the outer one
        band_95=outer,
        said=plain[4],
        miss=plain[5],
        good=plain[6],
        grid=plain[7],
        panel=plain[8],
        paper=plain[9],
        quiet=str(_light()["grayColor"]),
    )


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


def _categorical() -> list[str]:
    return [str(colour) for colour in _light()["chartCategoricalColors"]]


@functools.cache
def _theme_colours() -> dict[str, str]:
    return dict(zip(PLACEHOLDERS, _categorical(), strict=True))


@functools.cache
def _light() -> dict[str, Any]:
    with THEMES.open("rb") as file:
        light: dict[str, Any] = tomllib.load(file)["theme"]["light"]
    return light
