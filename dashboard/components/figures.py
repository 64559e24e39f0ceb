"""Charts and figures in the reader's words: the seam between the pure charts and the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import streamlit as st

from dashboard.chart_style import CONFIG
from dashboard.chart_words import chart_words
from dashboard.charts import answer_chart

if TYPE_CHECKING:
    from collections.abc import Callable

    import plotly.graph_objects as go

    from dashboard.i18n import Reader


def draw(
    figure: go.Figure, *, key: str, alt: str, on_click: Callable[[], None] | Literal["ignore"] = "ignore"
) -> None:
    """A chart with its takeaway as the text alternative and without plotly's tool bar.

    `on_click` is called before the next run; the point is in the session's state under the key.
    """
    st.plotly_chart(
        figure,
        key=key,
        alt=alt,
        config=dict(CONFIG),
        width="stretch",
        on_select=on_click,
        selection_mode="points",
    )


def forecast_of_answer(body: Any) -> pd.DataFrame | None:
    """The forecast in an endpoint's answer as a frame; None when the answer is in neither contract's form.

    The course's contract answers a list of numbers without dates: `ds` is then the step, counted from 1.
    """
    if not isinstance(body, dict):
        return None
    points = body.get("forecast")
    if points is None and isinstance(body.get("forecasts"), list) and body["forecasts"]:
        points = body["forecasts"][-1].get("forecast")
    if isinstance(points, list) and points:
        rows = [
            {"ds": point["ds"], "mean": point["mean"]}
            | {f"lower_{level}": value for level, value in point.get("lower", {}).items()}
            | {f"upper_{level}": value for level, value in point.get("upper", {}).items()}
            for point in points
        ]
        frame = pd.DataFrame(rows)
        frame["ds"] = pd.to_datetime(frame["ds"])
        return frame
    result = body.get("result")
    if isinstance(result, list) and result and all(isinstance(value, int | float) for value in result):
        return pd.DataFrame({"ds": range(1, len(result) + 1), "mean": result})
    return None


def draw_answer(reader: Reader, body: Any, *, key: str, height: int = 320) -> bool:
    """Draw the forecast in an answer; False when there is none in it."""
    frame = forecast_of_answer(body)
    if frame is None:
        return False
    size = float(frame["mean"].abs().mean())
    words = chart_words(reader, "USD", size=size, frequency=str(body.get("frequency", "D")))
    alt = reader.t(
        "chart.answer_alt",
        count=len(frame),
        first=reader.money(float(frame["mean"].iloc[0])),
        last=reader.money(float(frame["mean"].iloc[-1])),
    )
    draw(answer_chart(frame, words, height=height), key=key, alt=alt)
    return True
