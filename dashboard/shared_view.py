"""A read-only view by its address: what somebody saw, for somebody who only reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args
from urllib.parse import urlencode, urlsplit

import streamlit as st

from backend.horizons import HORIZONS
from backend.panel import SEPARATOR
from dashboard.chart_style import Levels
from dashboard.series import RANGES

if TYPE_CHECKING:
    from dashboard.board_content import Choices

VIEW, READ = "view", "read"
OPENED = "shared_view_opened"


def is_shared() -> bool:
    """Whether this is a view to read: without other pages, uploads, and whatever changes something."""
    return st.query_params.get(VIEW) == READ


def link_to(source: str, node: str, endpoint: str, choices: Choices) -> str:
    """The address of what is shown; `node` is empty for a series without parts."""
    query = {
        VIEW: READ,
        "lang": st.query_params.get("lang", ""),
        "actuals": source,
        "part": node,
        "endpoint": endpoint,
        "ahead": choices.horizon,
        "range": choices.steps,
        "band": choices.levels,
        "past": int(choices.said),
    }
    address = urlsplit(st.context.url or "")
    told = urlencode({name: value for name, value in query.items() if value != ""})
    return address._replace(query=told, fragment="").geturl()


def open_link() -> None:
    """Choose what the address says, once a session; what can't be chosen is left as it is."""
    if not is_shared() or st.session_state.get(OPENED):
        return
    st.session_state[OPENED] = True
    said = st.query_params
    if "actuals" in said:
        st.session_state["actuals_source"] = said["actuals"]
    if "part" in said:
        st.session_state[f"breakdown_node_{said.get('actuals', '')}"] = said["part"]
    if "endpoint" in said:
        st.session_state["forecast_endpoint"] = said["endpoint"]
        # It was chosen for this series, so that no other takes its place.
        parts = [said.get("actuals", ""), said.get("part", "")]
        st.session_state["forecast_series"] = SEPARATOR.join(part for part in parts if part)
    for name, options in (("ahead", HORIZONS), ("range", RANGES)):
        number = said.get(name, "")
        key = "forecast_horizon" if name == "ahead" else "forecast_range"
        for frequency, steps in options.items():
            if number.isdigit() and int(number) in steps:
                st.session_state[f"{key}_{frequency}"] = int(number)
    if said.get("band") in get_args(Levels):
        st.session_state["forecast_interval"] = said["band"]
    if said.get("past") in ("0", "1"):
        st.session_state["forecast_past"] = said["past"] == "1"
