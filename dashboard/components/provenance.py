"""Any point of the chart opens where it comes from: by a click, or by choosing its day."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.endpoint_cards import OPENED
from dashboard.components.feedback import plain
from dashboard.moments import when
from dashboard.provenance import explained_steps, figure_sentence, issued_for, provenance_sentence

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from backend.forecasts import ForecastView
    from dashboard.i18n import Reader

STEP, CHART = "provenance_step", "forecast_chart"


def take_click() -> None:
    """Choose the step of the point that was clicked on the chart."""
    points = st.session_state[CHART]["selection"]["points"]
    if points:
        moment = datetime.fromisoformat(str(points[0]["x"]).replace(" ", "T"))
        st.session_state[STEP] = moment.isoformat()


def show_provenance(
    reader: Reader, view: ForecastView, said: pd.DataFrame, horizon: int, known: Collection[str]
) -> None:
    """A choice of the step, and who forecast it; `known` are the endpoints that have a page."""
    steps = {step.isoformat(): step for step in explained_steps(view, said, horizon)}
    if not steps:
        return
    if st.session_state.get(STEP) not in steps:
        st.session_state[STEP] = None
    chosen = st.selectbox(
        reader.t("provenance.label"),
        list(steps),
        index=None,
        format_func=lambda text: when(reader, steps[text], view.actuals.frequency),
        placeholder=reader.t("provenance.placeholder"),
        key=STEP,
        label_visibility="collapsed",
        width=420,
    )
    vintage = issued_for(view, said, steps[chosen]) if chosen else None
    if vintage is None or chosen is None:
        return
    with st.container(border=True, gap="xsmall", key="provenance"):
        st.markdown(plain(figure_sentence(reader, view, vintage, steps[chosen])))
        st.caption(plain(provenance_sentence(reader, vintage)))
        if vintage.endpoint in known:
            st.page_link(
                "dashboard/pages/endpoints.py",
                label=reader.t("provenance.endpoint", name=plain(vintage.endpoint)),
                icon=":material/hub:",
                query_params={OPENED: vintage.endpoint},
            )
