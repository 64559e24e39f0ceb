"""Many small charts in one figure, one a part, over the same days; every word is passed in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_style import BAND_80, FORECAST, GRID, INK, SAID, Words, calm

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = 2  # as many as a phone has room for
ROW, TITLE, BETWEEN, BELOW = 136, 40, 12, 28  # pixels
GUTTER = 0.05  # of the width, between the columns
LABELS = 0.13  # of the days' span, left free before them for the labels of the scale
SHORT_NUMBER = ".2~s"


@dataclass(frozen=True)
class Small:
    """One chart: its name, its takeaway in a line, and frames with `ds`: actuals (y), future (mean and the
    80 % limits, NaN without any), plan (y) or None."""

    name: str
    takeaway: str
    actuals: pd.DataFrame
    future: pd.DataFrame
    plan: pd.DataFrame | None = None


def small_charts(charts: Sequence[Small], words: Words, plan_word: str) -> go.Figure:
    """The charts in rows of two, each from zero to its own largest value, all over the same days.

    Raises ValueError for no charts.
    """
    if not charts:
        raise ValueError("there is nothing to draw")
    rows = math.ceil(len(charts) / COLUMNS)
    height = rows * ROW + BELOW
    span = _span(charts)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "height": height,
        "margin": {"l": 4, "r": 8, "t": 0, "b": 0},
        **calm(legend_below=0),
        "showlegend": False,
        "annotations": [],
    }
    for place, chart in enumerate(charts):
        number = "" if place == 0 else str(place + 1)
        row, column = divmod(place, COLUMNS)
        left, right = _across(column, len(charts))
        top = 1 - row * ROW / height
        last = place + COLUMNS >= len(charts)
        traces += _traces(chart, words, plan_word, number)
        layout[f"xaxis{number}"] = _across_axis(words, number, (left, right), span, shown=last)
        layout[f"yaxis{number}"] = _up_axis(
            chart, words, number, (top - (ROW - BETWEEN) / height, top - TITLE / height)
        )
        layout["annotations"].append(_title(chart, left, top))
    return go.Figure(data=traces, layout=layout)


def _across(column: int, count: int) -> tuple[float, float]:
    """The left and right end of a column, as shares of the width."""
    columns = min(COLUMNS, count)
    width = (1 - GUTTER * (columns - 1)) / columns
    return column * (width + GUTTER), column * (width + GUTTER) + width


def _traces(chart: Small, words: Words, plan_word: str, number: str) -> list[dict[str, Any]]:
    axes = {"type": "scatter", "mode": "lines", "xaxis": f"x{number}", "yaxis": f"y{number}"}
    hover = f"<b>%{{y:{words.value_format}}}</b><extra></extra>"
    future, days = chart.future, _written(chart.future["ds"])
    found: list[dict[str, Any]] = []
    if len(future) and future["upper_80"].notna().all():
        edge = {"line": {"width": 0, "color": FORECAST}, "hoverinfo": "skip"}
        found.append(axes | edge | {"x": days, "y": future["lower_80"]})
        found.append(
            axes | edge | {"x": days, "y": future["upper_80"], "fill": "tonexty", "fillcolor": BAND_80}
        )
    found.append(
        axes
        | {
            "x": _written(chart.actuals["ds"]),
            "y": chart.actuals["y"],
            "name": words.actual,
            "line": {"color": INK, "width": 1.2},
            "hovertemplate": f"{words.actual} {hover}",
        }
    )
    if chart.plan is not None and len(chart.plan):
        found.append(
            axes
            | {
                "x": _written(chart.plan["ds"]),
                "y": chart.plan["y"],
                "name": plan_word,
                "line": {"color": SAID, "width": 1.4, "dash": "dot"},
                "hovertemplate": f"{plan_word} {hover}",
            }
        )
    if len(future):
        found.append(
            axes
            | {
                "x": days,
                "y": future["mean"],
                "name": words.forecast,
                "line": {"color": FORECAST, "width": 1.8},
                "hovertemplate": f"{words.forecast} {hover}",
            }
        )
    return found


def _span(charts: Sequence[Small]) -> list[str]:
    """The first and the last day of all charts, with room for labels before the first."""
    steps = pd.concat([part["ds"] for chart in charts for part in (chart.actuals, chart.future)])
    first, last = steps.min(), steps.max()
    return _written(pd.Series([(first - (last - first) * LABELS).floor("h"), last]))


def _written(steps: pd.Series[pd.Timestamp]) -> list[str]:
    """Dates as texts, without the midnight of whole days, which would make the figure half as heavy again."""
    return [text.removesuffix("T00:00:00") for text in steps.dt.strftime("%Y-%m-%dT%H:%M:%S")]


def _across_axis(
    words: Words, number: str, domain: tuple[float, float], span: list[str], *, shown: bool
) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "domain": domain,
        "anchor": f"y{number}",
        "range": span,
        "showgrid": False,
        "zeroline": False,
        "ticks": "",
        "nticks": 4,
        "tickangle": 0,
        "tickfont": {"size": 11},
        "tickformat": words.day_format,
        "hoverformat": words.hover_format,
        "showticklabels": shown,
        "fixedrange": True,
    }
    return axis | ({"matches": "x"} if number else {})


def _up_axis(chart: Small, words: Words, number: str, domain: tuple[float, float]) -> dict[str, Any]:
    return {
        "domain": domain,
        "anchor": f"x{number}",
        "gridcolor": GRID,
        "zeroline": False,
        "tickformat": ("$" if words.value_format.startswith("$") else "") + SHORT_NUMBER,
        "tickfont": {"size": 10, "color": SAID},
        "ticklabelposition": "inside top",
        "nticks": 3,
        "fixedrange": True,
        **_scale(chart),
    }


def _scale(chart: Small) -> dict[str, Any]:
    """From zero where nothing is below zero; a lower limit below it is cut there."""
    parts = [chart.actuals["y"], chart.future["mean"], chart.future["upper_80"]]
    values = np.concatenate([np.asarray(part, dtype=float) for part in parts])
    if not len(values) or np.isnan(values).all() or np.nanmin(values) < 0:
        return {}
    highest = float(np.nanmax(values))
    return {"range": [0, highest * 1.1]} if highest > 0 else {}


def _title(chart: Small, left: float, top: float) -> dict[str, Any]:
    return {
        "text": f"<b>{_escaped(chart.name)}</b><br>{_escaped(chart.takeaway)}",
        "x": left,
        "y": top,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "top",
        "align": "left",
        "showarrow": False,
        "font": {"color": INK, "size": 12},
    }


def _escaped(text: str) -> str:
    """Names come from a table that somebody brought; plotly reads a few tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
