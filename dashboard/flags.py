"""Flags on a chart's axis: notes and deployments, each as long as it lasted; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

HEIGHT = 0.02  # of the chart's height, on an axis of its own
FLAG_AXIS: Mapping[str, object] = {
    "overlaying": "y",
    "range": [0, 1],
    "visible": False,
    "fixedrange": True,
}


def flag_traces(flags: pd.DataFrame, *, colour: str) -> list[dict[str, Any]]:
    """One trace of all flags (first, last, text); none without any."""
    if flags.empty:
        return []
    moments: list[object] = []
    texts: list[object] = []
    for first, last, text in zip(flags["first"], flags["last"], flags["text"], strict=True):
        moments += [first, last, None]
        texts += [text, text, None]
    return [
        {
            "type": "scatter",
            "x": moments,
            "y": [HEIGHT, HEIGHT, None] * len(flags),
            "yaxis": "y2",
            "mode": "lines+markers",
            "line": {"color": colour, "width": 5},
            "marker": {"symbol": "triangle-up", "color": colour, "size": 11},
            "text": texts,
            "name": "flags",
            "showlegend": False,
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]
