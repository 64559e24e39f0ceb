"""The page's chart as plotly.js draws it outside the app: in the light theme's colours and system fonts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dashboard.brief.colours import coloured, palette
from dashboard.charts import forecast_chart

if TYPE_CHECKING:
    from dashboard.board import Board

FONTS = "system-ui, 'Hiragino Sans', 'Yu Gothic UI', 'Noto Sans JP', 'Noto Sans CJK JP', sans-serif"


def themed_figure(board: Board, *, height: int, zoom: bool = False) -> dict[str, Any]:
    """The figure's data and layout, ready for plotly.js; height in pixels."""
    figure = forecast_chart(board.lines, board.words, height=height, zoom=zoom)
    figure.layout.template = None  # the app's pages have one of their own
    found: dict[str, Any] = coloured(json.loads(figure.to_json(validate=False)))
    layout = found["layout"]
    layout["font"] = {"family": FONTS, "size": 13, "color": palette().quiet}
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = "rgba(0,0,0,0)"
    layout["hoverlabel"] = {**layout.get("hoverlabel", {}), "bgcolor": palette().paper}
    return {"data": found["data"], "layout": layout}
