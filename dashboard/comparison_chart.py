"""Two forecasts of one series on one chart, each named above its end; every word is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_style import DAY_MILLISECONDS, FORECAST, GOOD, GRID, INK, SAID, Trace, calm

if TYPE_CHECKING:
    from datetime import datetime

    from dashboard.chart_style import Words

ROW = 19  # pixels from one name to the next
BROKEN = "\N{EN DASH}\N{THIN SPACE}\N{EN DASH}"  # as its line is drawn


@dataclass(frozen=True)
class ComparedLines:
    """What is drawn: `actuals` (ds, y), two forecasts (ds, mean) with their names, and the last actual."""

    actuals: pd.DataFrame
    first: pd.DataFrame
    second: pd.DataFrame
    first_name: str
    second_name: str
    today: datetime
    earlier: bool = False  # the second is an earlier forecast, not another endpoint's


def comparison_chart(lines: ComparedLines, words: Words, *, height: int = 340) -> go.Figure:
    """Actuals in ink, the first forecast in indigo, the second broken: grey when earlier, else green."""
    second = SAID if lines.earlier else GOOD
    traces = [
        _line(lines.actuals, "y", words.actual, words, {"color": INK, "width": 1.8}),
        _line(lines.second, "mean", lines.second_name, words, {"color": second, "width": 2, "dash": "dash"}),
        _line(lines.first, "mean", lines.first_name, words, {"color": FORECAST, "width": 2.4}),
    ]
    return go.Figure(
        data=[trace for trace in traces if len(trace["x"])],
        layout={
            "height": height,
            "margin": {"l": 4, "r": 12, "t": 28 + ROW, "b": 8},
            **calm(legend_below=0.14),
            "xaxis": _time_axis(words),
            "yaxis": _value_axis(lines, words),
            "annotations": _names(lines, words, second),
            "shapes": _today(lines),
        },
    )


def _line(frame: pd.DataFrame, column: str, name: str, words: Words, style: dict[str, Any]) -> Trace:
    return {
        "type": "scatter",
        "x": frame["ds"],
        "y": frame[column],
        "mode": "lines",
        "line": style,
        "name": name,
        "showlegend": False,
        "hovertemplate": f"{_escaped(name)} <b>%{{y:{words.value_format}}}</b><extra></extra>",
    }


def _time_axis(words: Words) -> dict[str, Any]:
    shortest = DAY_MILLISECONDS if words.hour_format else None
    stops = [
        {"dtickrange": [shortest, "M1"], "value": words.day_format},
        {"dtickrange": ["M1", None], "value": words.month_format},
    ]
    if words.hour_format:
        stops.insert(0, {"dtickrange": [None, DAY_MILLISECONDS - 1], "value": words.hour_format})
    return {
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "nticks": 6,
        "tickangle": 0,
        "fixedrange": True,
        "hoverformat": words.hover_format,
        "tickformatstops": stops,
    }


def _value_axis(lines: ComparedLines, words: Words) -> dict[str, Any]:
    """From zero where nothing is below zero."""
    axis: dict[str, Any] = {
        "gridcolor": GRID,
        "zeroline": False,
        "tickformat": words.value_format,
        "automargin": True,
        "nticks": 6,
        "fixedrange": True,
    }
    values = pd.concat([lines.actuals["y"], lines.first["mean"], lines.second["mean"]]).astype(float)
    if len(values) and values.min() >= 0 and values.max() > 0:
        axis["range"] = [0, float(values.max()) * 1.06]
    return axis


def _names(lines: ComparedLines, words: Words, second_colour: str) -> list[dict[str, Any]]:
    """The lines' names above the plot, where no line crosses them: the forecasts' at their ends."""
    above = {"y": 1.0, "xref": "paper", "yref": "paper", "yanchor": "bottom", "showarrow": False}
    right, left = {"x": 1, "xanchor": "right"}, {"x": 0, "xanchor": "left"}
    named = (
        (lines.actuals, words.actual, INK, left),
        (lines.first, f"<b>{_escaped(lines.first_name)}</b>", FORECAST, right),
        (lines.second, f"{BROKEN} {_escaped(lines.second_name)}", second_colour, right | {"yshift": ROW}),
    )
    return [
        above | place | {"text": text, "font": {"color": colour, "size": 13}}
        for frame, text, colour, place in named
        if len(frame)
    ]


def _today(lines: ComparedLines) -> list[dict[str, Any]]:
    """A hairline at the last actual."""
    line = {"color": SAID, "width": 1, "dash": "dot"}
    at = {"x0": lines.today, "x1": lines.today, "y0": 0, "y1": 1, "yref": "paper"}
    return [{"type": "line", **at, "line": line}]


def _escaped(name: str) -> str:
    """A name as text: plotly reads some HTML, and % { as a format."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace("%{", "% {")
