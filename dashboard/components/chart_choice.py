"""What the Forecast page's chart shows: how far back, which bands, what was said before."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import streamlit as st

from dashboard.chart_style import Levels
from dashboard.series import RANGES

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from dashboard.i18n import Reader


def choose_view(reader: Reader, series: Actuals) -> tuple[int, Levels, bool]:
    """Steps of history (0 is all), bands, and whether what was said before is drawn."""
    ranges = RANGES[series.frequency]
    range_key = f"forecast_range_{series.frequency}"
    st.session_state.setdefault(range_key, ranges[1])
    st.session_state.setdefault("forecast_interval", "both")
    st.session_state.setdefault("forecast_past", True)
    steps = st.segmented_control(
        reader.t("forecast.range"),
        ranges,
        required=True,
        format_func=lambda count: reader.t(f"forecast.range.{series.frequency}.{count}"),
        key=range_key,
        label_visibility="collapsed",
        persist_state="session",
    )
    levels: Levels | None = st.segmented_control(
        reader.t("forecast.interval"),
        get_args(Levels),
        required=True,
        format_func=lambda level: reader.t(f"forecast.interval.{level}"),
        key="forecast_interval",
        label_visibility="collapsed",
        persist_state="session",
    )
    past = st.toggle(
        reader.t("forecast.past"),
        key="forecast_past",
        help=reader.t("forecast.past_help"),
        persist_state="session",
    )
    return ranges[1] if steps is None else steps, levels or "both", past
