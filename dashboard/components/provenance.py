"""Any point of the chart opens where it comes from: by a click, or by choosing its day."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.endpoint_cards import OPENED
from dashboard.components.feedback import plain
from dashboard.provenance import figure_sentence, issued_for, provenance_sentence

if TYPE_CHECKING:
    from collections.abc import Collection

    from dashboard.board import Board
    from dashboard.forecast_reads import Shown
    from dashboard.i18n import Reader

STEP, CHART = "provenance_step", "forecast_chart"


def take_click() -> None:
    """Choose the step of the point that was clicked on the chart."""
    points = st.session_state[CHART]["selection"]["points"]
    if points:
        moment = datetime.fromisoformat(str(points[0]["x"]).replace(" ", "T"))
        st.session_state[STEP] = moment.isoformat()


def show_provenance(reader: Reader, shown: Shown, board: Board, known: Collection[str]) -> None:
    """A choice of a step on the chart, and who forecast it; `known` are the endpoints that have a page."""
    view, said = shown.view, board.lines.said
    names = board.steps
    if not names:
        return
    if st.session_state.get(STEP) not in names:
        st.session_state[STEP] = None
    chosen = st.selectbox(
        reader.t("provenance.label"),
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder=reader.t("provenance.placeholder"),
        key=STEP,
        label_visibility="collapsed",
        width=420,
    )
    step = datetime.fromisoformat(chosen) if chosen else None
    vintage = issued_for(view, said, step) if step else None
    if vintage is None or step is None:
        return
    with st.container(border=True, gap="xsmall", key="provenance"):
        st.markdown(plain(figure_sentence(reader, view, vintage, step)))
        st.caption(plain(provenance_sentence(reader, vintage)))
        if vintage.endpoint in known:
            st.page_link(
                "dashboard/pages/endpoints.py",
                label=reader.t("provenance.endpoint", name=plain(vintage.endpoint)),
                icon=":material/hub:",
                query_params={OPENED: vintage.endpoint},
            )
