"""The plan that lies beside the forecast: everyone's, brought as a CSV of targets, replaced or taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.errors import YosokuError
from backend.plans import WHOLE, drop_plan, plan_with_parts, read_plan, save_plan
from dashboard import forecast_reads
from dashboard.components.feedback import plain, show_error
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Collection

    from backend.plans import Plan
    from dashboard.i18n import Reader

NEWS, ROUND = "plan_news", "plan_round"
UPLOAD_MB = 10
UNKNOWN_TOLD = 5


def show_plan(reader: Reader, series: str, parts: Collection[str] = ()) -> None:
    """What plan a series has, and a way to bring another one; a change runs the page anew.

    `parts` are the names that the plan's parts may have; whatever else it names is told.
    """
    news = st.session_state.pop(NEWS, None)
    if news:
        st.toast(plain(news), icon=":material/check_circle:")
    turn = st.session_state.setdefault(ROUND, 0)
    with st.popover(reader.t("plan.title"), icon=":material/flag:", key=f"plan_panel_{turn}"):
        plan = plan_with_parts(application().history, series)
        if plan is not None:
            _show(reader, plan, parts)
        _upload(reader, series, turn)


def _show(reader: Reader, plan: Plan, parts: Collection[str]) -> None:
    rows = sum(len(frame) for frame in plan.parts.values())
    first = min(frame["ds"].iloc[0] for frame in plan.parts.values())
    last = max(frame["ds"].iloc[-1] for frame in plan.parts.values())
    st.markdown(
        reader.t(
            "plan.there",
            name=plain(plan.name),
            rows=reader.number(rows),
            first=reader.date(first),
            last=reader.date(last),
        )
    )
    unknown = [part for part in plan.parts if part != WHOLE and part not in parts]
    if unknown:
        names = [plain(part) for part in unknown[:UNKNOWN_TOLD]]
        st.warning(
            reader.t("plan.unknown", count=reader.number(len(unknown)), names=reader.join(names)),
            icon=":material/help:",
        )
    if st.button(
        reader.t("plan.remove"),
        icon=":material/delete:",
        key="plan_remove",
        help=reader.t("plan.remove_help"),
    ):
        drop_plan(application().history, plan.series)
        _changed(reader.t("plan.removed"))


def _upload(reader: Reader, series: str, turn: int) -> None:
    uploaded = st.file_uploader(
        reader.t("plan.upload"),
        type="csv",
        key=f"plan_upload_{turn}",
        help=reader.t("plan.upload_help"),
        max_upload_size=UPLOAD_MB,
    )
    if uploaded is None:
        return
    try:
        plan = read_plan(uploaded.getvalue(), series, uploaded.name)
        save_plan(application().history, plan)
    except YosokuError as error:
        show_error(reader, error, title=reader.t("plan.refused", name=plain(uploaded.name)))
        return
    _changed(reader.t("plan.saved", name=plan.name))


def _changed(news: str) -> None:
    """Run the page anew, which then says what happened."""
    forecast_reads.forget_remembered()
    st.session_state[NEWS] = news
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.rerun()
