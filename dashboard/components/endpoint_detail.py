"""One endpoint: health, logs, keys, stable address and size, expiry, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

from backend import services
from backend.errors import YosokuError
from backend.local import limits
from dashboard import reads
from dashboard.components.costs import cost_line, idle_line
from dashboard.components.endpoint_cards import close_endpoint_page, model_text, size_text
from dashboard.components.endpoint_failure import show_endpoint_failure
from dashboard.components.endpoint_keys import show_keys
from dashboard.components.endpoint_revisions import show_revisions
from dashboard.components.expiry import show_expiry
from dashboard.components.feedback import plain, show_error
from dashboard.components.guard import delete_guarded
from dashboard.components.log_view import show_log
from dashboard.components.stable_address import show_stable_address
from dashboard.components.state import state_badge
from dashboard.session import application, reader, workspace

if TYPE_CHECKING:
    from backend.services import Endpoint
    from dashboard.i18n import Reader

TABS = ("health", "logs", "keys", "address", "expiry", "delete")
Container = Literal["main", "init"]


def show_endpoint(endpoint: Endpoint) -> None:
    """The endpoint's page; a tab's content is read when the tab is open."""
    words = reader()
    st.button(
        words.t("endpoints.back"),
        type="tertiary",
        icon=":material/arrow_back:",
        key="endpoint_back",
        on_click=close_endpoint_page,
    )
    st.title(plain(endpoint.name), anchor=False)
    tabs = st.tabs(
        [words.t(f"endpoints.tab.{name}") for name in TABS], key="endpoint_tabs", on_change="rerun"
    )
    parts = {
        "health": _health,
        "logs": _logs,
        "keys": _keys,
        "address": _address,
        "expiry": _expiry,
        "delete": _delete,
    }
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                parts[name](endpoint.name)


@st.fragment(run_every="3s")
def _health(name: str) -> None:
    words = reader()
    try:
        endpoint = next((known for known in reads.endpoints() if known.name == name), None)
    except YosokuError as error:
        show_error(words, error)
        return
    if endpoint is None:
        st.warning(words.t("endpoints.gone", name=plain(name)), icon=":material/delete:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        state_badge(words, endpoint.state)
        st.markdown(words.t(f"state.help.{endpoint.state}"))
    if endpoint.error and endpoint.state != "Healthy":
        show_endpoint_failure(words, endpoint)
    st.caption(words.t("endpoints.uri"))
    st.code(endpoint.scoring_uri or words.t("endpoints.no_uri"), language=None, wrap_lines=True)
    with st.grid(4, min_column_width=190):
        _fact(words.t("endpoints.model"), model_text(words, endpoint))
        _fact(words.t("endpoints.size"), size_text(words, endpoint))
        _fact(
            words.t("endpoints.created"),
            words.moment(endpoint.created) if endpoint.created else words.t("kpi.unknown"),
        )
        _fact(
            words.t("endpoints.updated"),
            words.moment(endpoint.updated) if endpoint.updated else words.t("kpi.unknown"),
        )
    _enforcement(words)
    for line in (cost_line(words, endpoint), idle_line(words, endpoint)):
        if line:
            st.caption(plain(line))


def _fact(label: str, value: str) -> None:
    with st.container(gap=None):
        st.caption(label)
        st.markdown(plain(value))


def _enforcement(words: Reader) -> None:
    if application().settings.workspace != "local":
        st.caption(words.t("limits.azure"))
        return
    enforced = limits.enforced()
    st.caption(f"{words.t(f'limits.memory.{enforced.memory}')} {words.t(f'limits.cpu.{enforced.cpu}')}")


@st.fragment
def _logs(name: str) -> None:
    words = reader()
    with st.container(horizontal=True, vertical_alignment="center"):
        container: Container = st.segmented_control(
            words.t("log.container"),
            ("main", "init"),
            default="main",
            required=True,
            format_func=lambda part: words.t(f"log.container.{part}"),
            key=f"log_container_{name}",
            label_visibility="collapsed",
        )
        st.button(words.t("log.refresh"), icon=":material/refresh:", key=f"log_refresh_{name}")
    try:
        with st.spinner(words.t("log.reading")):
            text = services.logs(workspace(), name, container=container)
    except YosokuError as error:
        show_error(words, error)
        return
    show_log(words, text, key=f"log_{name}", file_name=f"{name}.log")


@st.fragment
def _keys(name: str) -> None:
    endpoint = next((known for known in reads.endpoints() if known.name == name), None)
    if endpoint is not None:
        show_keys(reader(), endpoint)


def _address(name: str) -> None:
    endpoint = next((known for known in reads.endpoints() if known.name == name), None)
    if endpoint is not None:
        show_stable_address(reader(), endpoint)
        show_revisions(reader(), endpoint)


def _expiry(name: str) -> None:
    endpoint = next((known for known in reads.endpoints() if known.name == name), None)
    if endpoint is not None:
        show_expiry(reader(), endpoint)


def _delete(name: str) -> None:
    def gone() -> None:
        close_endpoint_page()
        st.session_state["endpoint_deleted"] = name

    delete_guarded(
        reader(),
        name,
        what="endpoints",
        key="endpoint",
        delete=lambda: services.delete_endpoint(workspace(), name),
        after=gone,
    )
