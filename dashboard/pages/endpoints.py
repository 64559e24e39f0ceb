"""Endpoints: the wall of what is deployed, and one endpoint opened."""

from __future__ import annotations

import streamlit as st

from backend.errors import YosokuError
from dashboard import reads
from dashboard.components.costs import show_idle
from dashboard.components.demonstration import offer_demonstration
from dashboard.components.endpoint_cards import OPENED, close_endpoint_page, show_cards
from dashboard.components.endpoint_detail import show_endpoint
from dashboard.components.expiry import show_expired
from dashboard.components.feedback import plain, show_error
from dashboard.session import application, reader

words = reader()


@st.fragment(run_every="3s")
def show_wall() -> None:
    """All endpoints with their state as it is now."""
    try:
        found = reads.endpoints()
    except YosokuError as error:
        st.title(words.t("endpoints.page"), anchor=False)
        show_error(words, error, title=words.t("workspace.unreachable"))
        return
    st.title(headline([endpoint.state for endpoint in found]), anchor=False)
    if found:
        show_expired(words, found)
        show_idle(words, found)
        show_cards(words, found)
        with st.container(horizontal=True):
            st.page_link(
                "dashboard/pages/deploy.py",
                label=words.t("endpoints.deploy"),
                icon=":material/rocket_launch:",
            )


def headline(states: list[str]) -> str:
    """How many there are and how many of them answer."""
    if not states:
        return words.t("endpoints.empty")
    healthy = sum(state == "Healthy" for state in states)
    if healthy == len(states) == 1:
        return words.t("endpoints.one_healthy")
    if healthy == len(states):
        return words.t("endpoints.all_healthy", count=len(states))
    return words.t("endpoints.some_healthy", count=len(states), healthy=healthy)


deleted = st.session_state.pop("endpoint_deleted", None)
if deleted:
    st.toast(words.t("endpoints.deleted", name=plain(deleted)), icon=":material/check_circle:")

opened = st.query_params.get(OPENED)
endpoint = None
empty = False
try:
    known = {found.name: found for found in reads.endpoints()}
    endpoint = known.get(opened) if opened else None
    empty = not known
except YosokuError:
    known = {}  # the wall says so
if endpoint is not None:
    show_endpoint(endpoint)
else:
    if opened and known:
        st.warning(words.t("endpoints.gone", name=plain(opened)), icon=":material/delete:")
        st.button(words.t("endpoints.back"), key="endpoint_back", on_click=close_endpoint_page)
    running = [job for job in application().jobs.running() if job.kind == "deploy"]
    for job in running:
        st.info(words.t("endpoints.deploying", name=plain(job.subject)), icon=":material/hourglass_top:")
    show_wall()
    if empty:
        offer_demonstration()
