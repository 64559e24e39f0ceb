"""Charts of actuals and forecasts: DataFrame in, plotly Figure out; every word is passed in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_style import (
    BAND_80,
    BAND_95,
    DAY_MILLISECONDS,
    FORECAST,
    GOOD,
    GRID,
    INK,
    MISS,
    SAID,
    calm,
)
from dashboard.flags import FLAG_AXIS, flag_traces
from dashboard.thinning import thin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dashboard.chart_style import Levels, Trace, Words


@dataclass(frozen=True)
class Lines:
    """What a forecast chart draws; each frame has `ds`.

    `actuals`, `plan`: y. `future`: mean and lower_80 .. upper_95 (NaN without limits). `said`: mean, the
    forecasts as they were issued. `misses`: y, the actuals outside the band. `flags`: first, last and text of
    what happened. `today` is the last step that the forecast could see, the last actual if nothing is said.
    """

    actuals: pd.DataFrame
    future: pd.DataFrame
    said: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"ds": [], "mean": []}))
    misses: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"ds": [], "y": []}))
    plan: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"ds": [], "y": []}))
    flags: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"first": [], "last": [], "text": []}))
    today: datetime | None = None

    @property
    def seen_until(self) -> datetime | None:
        """The last step that the forecast could see; None without one or the other."""
        if self.actuals.empty or self.future.empty:
            return None
        return self.today or self.actuals["ds"].iloc[-1]


def forecast_chart(
    lines: Lines,
    words: Words,
    *,
    levels: Levels = "both",
    height: int = 400,
    zoom: bool = False,
) -> go.Figure:
    """Actuals in ink, the forecast in indigo with its bands, what was said in grey, misses as open rings.

    Long lines are thinned to what a screen can show. With `zoom`, dragging chooses a period, which a finger
    that scrolls the page would do as well.
    """
    lines = replace(lines, actuals=thin(lines.actuals, "y"), said=thin(lines.said, "mean"))
    shown = [level for level in (95, 80) if levels in (str(level), "both") and _has(lines.future, level)]
    traces = [
        *(trace for level in shown for trace in _band(lines.future, level)),
        _said(lines.said, words),
        _plan(lines.plan, words),
        _actuals(lines.actuals, words),
        _forecast(lines.future, words, sorted(shown)),
        _misses(lines.misses, words),
        *flag_traces(lines.flags, colour=GOOD),
    ]
    layout = _layout(lines, words, height)
    layout["yaxis"] |= _scale(lines, shown)
    layout["annotations"] = [*_sides(lines, words), *_band_names(lines.future, words, shown)]
    layout["shapes"] = _today(lines)
    if zoom:
        layout["dragmode"] = "zoom"
        layout["xaxis"]["fixedrange"] = False
    # One call: a figure that is built trace by trace is checked again with each, four times as slow.
    return go.Figure(data=[trace for trace in traces if len(trace["x"])], layout=layout)


def answer_chart(future: pd.DataFrame, words: Words, *, height: int = 320) -> go.Figure:
    """One answer of an endpoint, alone; counted by step where it has no dates (the course's contract)."""
    return forecast_chart(Lines(pd.DataFrame({"ds": [], "y": []}), future), words, height=height)


def _band(future: pd.DataFrame, level: int) -> list[Trace]:
    shared = {"type": "scatter", "x": future["ds"], "mode": "lines", "hoverinfo": "skip", "showlegend": False}
    hidden = {"width": 0, "color": FORECAST}
    lower = {"y": future[f"lower_{level}"], "line": hidden, "name": f"lower_{level}"}
    upper = {"y": future[f"upper_{level}"], "line": hidden, "name": f"upper_{level}"}
    fill = {"fill": "tonexty", "fillcolor": BAND_80 if level == 80 else BAND_95}
    return [shared | lower, shared | upper | fill]


def _actuals(actuals: pd.DataFrame, words: Words) -> Trace:
    return {
        "type": "scatter",
        "x": actuals["ds"],
        "y": actuals["y"],
        "mode": "lines",
        "line": {"color": INK, "width": 1.8},
        "name": words.actual,
        "showlegend": False,
        "hovertemplate": f"{words.actual} <b>%{{y:{words.value_format}}}</b><extra></extra>",
    }


def _forecast(future: pd.DataFrame, words: Words, levels: Sequence[int]) -> Trace:
    columns = [f"{side}_{level}" for level in levels for side in ("lower", "upper")]
    bands = "".join(
        f"<br>{words.band[level]} %{{customdata[{2 * place}]:{words.value_format}}}"
        f" \N{EN DASH} %{{customdata[{2 * place + 1}]:{words.value_format}}}"
        for place, level in enumerate(levels)
    )
    return {
        "type": "scatter",
        "x": future["ds"],
        "y": future["mean"],
        "mode": "lines+markers",  # plotly lets no line be clicked, but for points that aren't seen
        "marker": {"opacity": 1 if len(future) == 1 else 0, "color": FORECAST},
        "unselected": {"marker": {"opacity": 0}},
        "line": {"color": FORECAST, "width": 2.4},
        "name": words.forecast,
        "showlegend": False,
        "customdata": future[columns].to_numpy() if columns else None,
        "hovertemplate": f"{words.forecast} <b>%{{y:{words.value_format}}}</b>{bands}<extra></extra>",
    }


def _said(said: pd.DataFrame, words: Words) -> Trace:
    return {
        "type": "scatter",
        "x": said["ds"],
        "y": said["mean"],
        "mode": "markers",
        "marker": {"color": SAID, "size": 4.5},
        "unselected": {"marker": {"opacity": 1}},
        "name": words.said,
        "hovertemplate": f"{words.said} %{{y:{words.value_format}}}<extra></extra>",
    }


def _plan(plan: pd.DataFrame, words: Words) -> Trace:
    return {
        "type": "scatter",
        "x": plan["ds"],
        "y": plan["y"],
        "mode": "lines",
        "line": {"color": GOOD, "width": 1.4, "dash": "dash"},
        "name": words.plan,
        "hovertemplate": f"{words.plan} %{{y:{words.value_format}}}<extra></extra>",
    }


def _misses(misses: pd.DataFrame, words: Words) -> Trace:
    return {
        "type": "scatter",
        "x": misses["ds"],
        "y": misses["y"],
        "mode": "markers",
        "marker": {"symbol": "circle-open", "color": MISS, "size": 9, "line": {"width": 2, "color": MISS}},
        "unselected": {"marker": {"opacity": 1}},
        "name": words.miss,
        "hoverinfo": "skip",
    }


def _layout(lines: Lines, words: Words, height: int) -> dict[str, Any]:
    days = pd.concat([lines.actuals["ds"], lines.future["ds"]])
    across: dict[str, Any] = {"showgrid": False, "zeroline": False, "ticks": "", "nticks": 6, "tickangle": 0}
    if len(days) > 1:  # otherwise plotly leaves room for whole markers on both sides
        across["range"] = [days.min(), days.max()]
    if len(lines.actuals) or pd.api.types.is_datetime64_any_dtype(lines.future["ds"]):
        across["hoverformat"] = words.hover_format
        across["tickformatstops"] = [
            {
                "dtickrange": [DAY_MILLISECONDS if words.hour_format else None, "M1"],
                "value": words.day_format,
            },
            {"dtickrange": ["M1", None], "value": words.month_format},
        ]
        if words.hour_format:
            hours = {"dtickrange": [None, DAY_MILLISECONDS - 1], "value": words.hour_format}
            across["tickformatstops"].insert(0, hours)
    return {
        "height": height,
        "margin": {"l": 4, "r": 44, "t": 28, "b": 8},
        **calm(legend_below=0.14),
        "xaxis": across | {"fixedrange": True},
        "yaxis": {
            "gridcolor": GRID,
            "zeroline": False,
            "tickformat": words.value_format,
            "automargin": True,
            "nticks": 6,
            "fixedrange": True,
        },
        **({} if lines.flags.empty else {"yaxis2": FLAG_AXIS}),
    }


def _scale(lines: Lines, levels: Sequence[int]) -> dict[str, Any]:
    """From zero where nothing is below zero; a limit below zero is cut there, since no day can pay less."""
    values = np.concatenate(
        [lines.actuals["y"], lines.future["mean"], lines.said["mean"], lines.plan["y"]]
    ).astype(float)
    limits = [lines.future[f"upper_{level}"].to_numpy(dtype=float) for level in levels]
    if not len(values) or np.nanmin(values) < 0:
        return {}
    highest = float(np.nanmax(np.concatenate([values, *limits])))
    return {"range": [0, highest * 1.06]} if highest > 0 else {}


def _today(lines: Lines) -> list[dict[str, Any]]:
    """A hairline at the last actual."""
    today = lines.seen_until
    if today is None:
        return []
    line = {"color": SAID, "width": 1, "dash": "dot"}
    return [{"type": "line", "x0": today, "x1": today, "y0": 0, "y1": 1, "yref": "paper", "line": line}]


def _sides(lines: Lines, words: Words) -> list[dict[str, Any]]:
    """Words on the two sides of the hairline instead of a legend."""
    today = lines.seen_until
    if today is None:
        return []
    at = {
        "x": today,
        "y": 1.0,
        "yref": "paper",
        "yanchor": "bottom",
        "showarrow": False,
    }
    left = {"text": words.actual, "xanchor": "right", "xshift": -6, "font": {"color": INK, "size": 13}}
    right = {"xanchor": "left", "xshift": 6, "font": {"color": FORECAST, "size": 13}}
    return [at | left, at | right | {"text": f"<b>{words.forecast}</b>"}]


def _band_names(future: pd.DataFrame, words: Words, levels: Sequence[int]) -> list[dict[str, Any]]:
    """The bands' names at their ends."""
    if len(future) < 2:
        return []
    return [
        {
            "x": future["ds"].iloc[-1],
            "y": float(future[f"upper_{level}"].iloc[-1]),
            "text": words.band[level],
            "xanchor": "left",
            # Where the bands are narrow, the names would else be written over each other.
            "yanchor": "middle" if len(levels) == 1 else "top" if level == min(levels) else "bottom",
            "xshift": 5,
            "showarrow": False,
            "font": {"color": FORECAST, "size": 12},
        }
        for level in levels
    ]


def _has(future: pd.DataFrame, level: int) -> bool:
    """Whether every step of the forecast has this level's limits."""
    upper = f"upper_{level}"
    return upper in future and len(future) > 0 and bool(future[upper].notna().all())
