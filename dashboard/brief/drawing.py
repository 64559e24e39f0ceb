"""The forecast chart as vectors, drawn without a browser: what `dashboard.charts` shows, for paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dashboard.brief import scales
from dashboard.brief.colours import palette
from dashboard.brief.fonts import BOLD, register_fonts
from dashboard.brief.marks import LINE, TEXT, dot, label, ring, rule, width
from dashboard.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from reportlab.graphics.shapes import Drawing

    from dashboard.chart_style import Words
    from dashboard.charts import Lines

TOP, BOTTOM, RIGHT = 14.0, 36.0, 26.0  # points around the plot, for names, dates with the legend, band names
HEADROOM = 1.06
DASHES = (4, 2.5)  # of the plan's line
LEGEND = 4.0  # points of the legend's line from below


@dataclass(frozen=True)
class Plot:
    """Where on the drawing moments and values lie; points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float
    first: pd.Timestamp
    last: pd.Timestamp
    low: float
    high: float

    def across(self, moments: Any) -> npt.NDArray[np.float64]:
        """Moments as positions from the left."""
        share = (pd.DatetimeIndex(moments) - self.first) / max(self.last - self.first, pd.Timedelta(1, "s"))
        return self.left + np.asarray(share, dtype=float) * (self.right - self.left)

    def up(self, values: Any) -> npt.NDArray[np.float64]:
        """Values as positions from below; a limit outside the plot is cut at its edge."""
        share = (np.asarray(values, dtype=float) - self.low) / (self.high - self.low)
        return self.bottom + np.clip(share, 0.0, 1.0) * (self.top - self.bottom)


def chart_drawing(lines: Lines, words: Words, wide: float, high: float) -> Drawing:
    """The chart as reportlab draws it; size in points (1/72 inch)."""
    from reportlab.graphics.shapes import Drawing

    register_fonts()
    drawing = Drawing(wide, high)
    shown = [level for level in (95, 80) if _has(lines.future, level)]
    moments = [
        moment
        for frame in (lines.actuals, lines.future)
        for moment in (*frame["ds"].head(1), *frame["ds"].tail(1))
    ]
    if not moments:
        return drawing
    lowest, highest = _range(lines, shown)
    ticks = scales.value_ticks(lowest, highest)
    labels = [scales.amount(tick, words) for tick in ticks]
    left = max((width(text) for text in labels), default=0.0) + 6
    plot = Plot(left, BOTTOM, wide - RIGHT, high - TOP, min(moments), max(moments), lowest, highest)
    colours = palette()
    for level in shown:
        drawing.add(_band(plot, lines.future, level, colours.band_80 if level == 80 else colours.band_95))
    for parts in (
        _value_axis(plot, ticks, labels),
        _date_axis(plot, words),
        _dots(plot, thin(lines.said, "mean"), colours.said),
        _line(plot, thin(lines.actuals, "y"), "y", colours.ink, 1.1),
        _line(plot, lines.future, "mean", colours.forecast, 1.6),
        _line(plot, lines.plan, "y", colours.good, 1.1, dashes=DASHES),
        _rings(plot, lines.misses, colours.miss),
        _flags(plot, lines.flags, colours.good),
        _today(plot, lines, words),
        _band_names(plot, lines.future, words, shown),
        _legend(plot, lines, words),
    ):
        for part in parts:
            drawing.add(part)
    return drawing


def _range(lines: Lines, levels: Sequence[int]) -> tuple[float, float]:
    """From zero where nothing is below it, as on the page; limits below zero are then cut there."""
    columns = [lines.actuals["y"], lines.future["mean"], lines.said["mean"], lines.plan["y"]]
    values = np.concatenate([np.asarray(column, dtype=float) for column in columns])
    limits = [lines.future[f"{side}_{level}"] for level in levels for side in ("lower", "upper")]
    everything = np.concatenate([values, *(np.asarray(limit, dtype=float) for limit in limits)])
    known = everything[np.isfinite(everything)]
    highest = float(known.max()) if len(known) else 1.0
    lowest = float(known.min()) if np.nanmin(values, initial=0.0) < 0 else 0.0
    if highest <= lowest:
        highest = lowest + 1.0
    return lowest * (HEADROOM if lowest < 0 else 1.0), highest * (HEADROOM if highest > 0 else 1.0)


def _band(plot: Plot, future: pd.DataFrame, level: int, colour: str) -> Any:
    from reportlab.graphics.shapes import Polygon
    from reportlab.lib.colors import HexColor

    across = plot.across(future["ds"])
    upper, lower = plot.up(future[f"upper_{level}"]), plot.up(future[f"lower_{level}"])
    outline = np.column_stack([np.concatenate([across, across[::-1]]), np.concatenate([upper, lower[::-1]])])
    return Polygon(outline.ravel().tolist(), fillColor=HexColor(colour), strokeColor=None, strokeWidth=0)


def _value_axis(plot: Plot, ticks: Sequence[float], labels: Sequence[str]) -> Iterable[Any]:
    for tick, text in zip(ticks, labels, strict=True):
        height = float(plot.up(tick))
        yield rule(plot.left, height, plot.right, height, palette().grid, 0.5)
        yield label(plot.left - 4, height - TEXT / 3, text, palette().quiet, anchor="end")


def _date_axis(plot: Plot, words: Words) -> Iterable[Any]:
    ticks = scales.date_ticks(plot.first, plot.last, hours=words.hour_format is not None)
    free = plot.left - 10
    for place, told in zip(plot.across(ticks), scales.date_words(ticks, words), strict=True):
        wide = max(width(line) for line in told)
        middle = min(max(place, plot.left + wide / 2 - 6), plot.right + RIGHT - wide / 2)
        if middle - wide / 2 < free:
            continue
        free = middle + wide / 2 + 4
        yield rule(place, plot.bottom, place, plot.bottom - 3, palette().said, 0.5)
        for number, line in enumerate(told):
            height = plot.bottom - 4 - TEXT - number * LINE
            yield label(middle, height, line, palette().quiet, anchor="middle")


def _line(
    plot: Plot,
    frame: pd.DataFrame,
    value: str,
    colour: str,
    thickness: float,
    dashes: Sequence[float] = (),
) -> Iterable[Any]:
    """One line for each stretch of known values; a value that stands alone is a dot."""
    from reportlab.graphics.shapes import PolyLine
    from reportlab.lib.colors import HexColor

    if frame.empty:
        return
    known = np.isfinite(frame[value].to_numpy(dtype=float))
    points = np.column_stack([plot.across(frame["ds"]), plot.up(frame[value])])
    ends = np.flatnonzero(np.diff(known.astype(int))) + 1
    for stretch in np.split(np.arange(len(frame)), ends):
        if not known[stretch[0]]:
            continue
        if len(stretch) == 1:
            place, height = points[stretch[0]].tolist()
            yield dot(place, height, 1.8, colour)
            continue
        yield PolyLine(
            points[stretch].ravel().tolist(),
            strokeColor=HexColor(colour),
            strokeWidth=thickness,
            strokeDashArray=list(dashes),
            strokeLineJoin=1,
            strokeLineCap=1,
        )


def _dots(plot: Plot, said: pd.DataFrame, colour: str) -> Iterable[Any]:
    if said.empty:
        return
    for place, height in zip(plot.across(said["ds"]), plot.up(said["mean"]), strict=True):
        if np.isfinite(height):
            yield dot(place, height, 1.1, colour)


def _rings(plot: Plot, misses: pd.DataFrame, colour: str) -> Iterable[Any]:
    if misses.empty:
        return
    for place, height in zip(plot.across(misses["ds"]), plot.up(misses["y"]), strict=True):
        yield ring(place, height, colour)


def _flags(plot: Plot, flags: pd.DataFrame, colour: str) -> Iterable[Any]:
    """What happened: a small flag on the axis, with a bar as long as it lasted."""
    from reportlab.graphics.shapes import Polygon
    from reportlab.lib.colors import HexColor

    for _, flag in flags.iterrows():
        if flag["last"] < plot.first or flag["first"] > plot.last:
            continue
        begin, end = np.clip(plot.across([flag["first"], flag["last"]]), plot.left, plot.right)
        foot = plot.bottom + 1.5
        yield rule(begin, foot, end, foot, colour, 2.5)
        corners = [begin - 3.2, foot, begin + 3.2, foot, begin, foot + 6]
        yield Polygon(corners, fillColor=HexColor(colour), strokeColor=None, strokeWidth=0)


def _today(plot: Plot, lines: Lines, words: Words) -> Iterable[Any]:
    """A hairline at the last actual, with words on its two sides."""
    today = lines.seen_until
    if today is None:
        return
    colours = palette()
    place = float(plot.across([today])[0])
    yield rule(place, plot.bottom, place, plot.top, colours.said, 0.7, dashes=[1.5, 2])
    # Near the right edge, where the forecast is short, both names go to the left of the line.
    wide = width(words.forecast, BOLD, TEXT + 1)
    fits = place + 5 + wide <= plot.right + RIGHT
    forecast_at = place + 5 if fits else place - 5 - wide
    yield label(forecast_at, plot.top + 4, words.forecast, colours.forecast, size=TEXT + 1, font=BOLD)
    end = (place if fits else forecast_at) - 5
    yield label(end, plot.top + 4, words.actual, colours.ink, size=TEXT + 1, anchor="end")


def _band_names(plot: Plot, future: pd.DataFrame, words: Words, levels: Sequence[int]) -> Iterable[Any]:
    """The bands' names at their ends, kept apart where the bands are narrow."""
    if len(future) < 2:
        return
    free = -1.0
    for level in sorted(levels):
        height = max(float(plot.up(future[f"upper_{level}"].iloc[-1])) - TEXT / 3, free)
        free = height + LINE
        place = float(plot.across(future["ds"].tail(1))[0])
        yield label(place + 3, height, words.band[level], palette().forecast)


def _legend(plot: Plot, lines: Lines, words: Words) -> Iterable[Any]:
    """What the dots, the rings and the dashed line are, on the last line."""
    colours, place, middle = palette(), plot.left, LEGEND + TEXT / 3
    if len(lines.said):
        yield dot(place + 3, middle, 1.4, colours.said)
        yield label(place + 9, LEGEND, words.said, colours.quiet)
        place += 9 + width(words.said) + 16
    if len(lines.misses):
        yield ring(place + 3, middle, colours.miss)
        yield label(place + 10, LEGEND, words.miss, colours.quiet)
        place += 10 + width(words.miss) + 16
    if len(lines.plan):
        yield rule(place, middle, place + 14, middle, colours.good, 1.1, dashes=DASHES)
        yield label(place + 18, LEGEND, words.plan, colours.quiet)


def _has(future: pd.DataFrame, level: int) -> bool:
    """Whether every step of the forecast has this level's limits."""
    column = f"upper_{level}"
    return column in future and len(future) > 0 and bool(future[column].notna().all())
