"""Errors by lead time: how fast a forecast loses its grip, one line a model; every word is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import plotly.graph_objects as go

from dashboard.chart_style import FORECAST, GRID, INK, SAID, calm

if TYPE_CHECKING:
    from collections.abc import Sequence

Look = Literal["challenger", "champion", "reference"]

LINES: dict[Look, dict[str, Any]] = {
    "challenger": {"color": FORECAST, "width": 2.4},
    "champion": {"color": INK, "width": 1.8},
    "reference": {"color": SAID, "width": 1.8, "dash": "dot"},
}


@dataclass(frozen=True)
class ErrorLine:
    """One model's errors, one a lead time, in the series' unit."""

    name: str
    look: Look
    errors: tuple[float, ...]


def lead_time_chart(
    labels: Sequence[str], lines: Sequence[ErrorLine], *, value_format: str, height: int = 280
) -> go.Figure:
    """Lines over the lead times' labels, from zero; `value_format` is a d3 number format."""
    highest = max((error for line in lines for error in line.errors), default=1.0)
    return go.Figure(
        data=[
            {
                "type": "scatter",
                "x": list(labels),
                "y": list(line.errors),
                "mode": "lines+markers",
                "line": LINES[line.look],
                "marker": {"color": LINES[line.look]["color"], "size": 7},
                "name": line.name,
                "hovertemplate": f"{line.name} <b>%{{y:{value_format}}}</b><extra></extra>",
            }
            for line in lines
        ],
        layout={
            "height": height,
            "margin": {"l": 4, "r": 12, "t": 12, "b": 8},
            **calm(legend_below=0.16),
            "xaxis": {
                "type": "category",
                "showgrid": False,
                "zeroline": False,
                "ticks": "",
                "tickangle": 0,
                "fixedrange": True,
            },
            "yaxis": {
                "gridcolor": GRID,
                "zeroline": False,
                "tickformat": value_format,
                "range": [0, highest * 1.12 or 1.0],
                "nticks": 5,
                "fixedrange": True,
            },
        },
    )
