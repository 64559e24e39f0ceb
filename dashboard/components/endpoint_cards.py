"""The wall of endpoints: state, model version and size at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.costs import idle_line
from dashboard.components.expiry import expiry_line
from dashboard.components.feedback import cause, plain
from dashboard.components.state import state_badge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services import Endpoint
    from dashboard.i18n import Reader

CARD_WIDTH = 300
OPENED = "endpoint"


def show_cards(reader: Reader, found: Sequence[Endpoint]) -> None:
    """One card an endpoint, those that need somebody first."""
    ordered = sorted(found, key=lambda endpoint: (endpoint.state == "Healthy", endpoint.name))
    with st.grid("auto", min_column_width=CARD_WIDTH):
        for endpoint in ordered:
            _card(reader, endpoint)


def model_text(reader: Reader, endpoint: Endpoint) -> str:
    """The model and version that it serves."""
    if not endpoint.model_name:
        return reader.t("endpoints.no_model")
    return reader.t("deploy.model_version", name=endpoint.model_name, version=endpoint.model_version)


def size_text(reader: Reader, endpoint: Endpoint) -> str:
    """Cores and memory, as they were asked for."""
    if endpoint.cpu_cores is None or endpoint.memory_gb is None:
        return reader.t("kpi.unknown")
    return reader.t("deploy.size_sentence", cores=f"{endpoint.cpu_cores:g}", memory=f"{endpoint.memory_gb:g}")


def open_endpoint_page(name: str) -> None:
    """Show one endpoint; its name goes into the URL, so that the page can be shared."""
    st.query_params[OPENED] = name


def close_endpoint_page() -> None:
    """Back to the wall."""
    st.query_params.pop(OPENED, None)


def _card(reader: Reader, endpoint: Endpoint) -> None:
    with st.container(border=True, height="stretch", gap="xsmall", key=f"card_{endpoint.name}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{plain(endpoint.name)}**", width="content")
            state_badge(reader, endpoint.state)
        st.markdown(f":material/deployed_code: {plain(model_text(reader, endpoint))}")
        st.markdown(f":material/memory: {plain(size_text(reader, endpoint))}")
        access = "endpoints.with_key" if endpoint.authentication else "endpoints.without_key"
        icon = "key" if endpoint.authentication else "lock_open"
        st.markdown(f":material/{icon}: {reader.t(access)}")
        for line in (idle_line(reader, endpoint), expiry_line(reader, endpoint)):
            if line:
                st.caption(plain(line))
        if endpoint.error and endpoint.state != "Healthy":
            st.caption(f":red[{plain(cause(endpoint.error)[:160])}]")
        elif endpoint.updated or endpoint.created:
            moment = endpoint.updated or endpoint.created
            assert moment is not None
            st.caption(reader.t("endpoints.since", moment=reader.moment(moment)))
        if st.button(reader.t("endpoints.open"), key=f"open_{endpoint.name}", icon=":material/open_in_full:"):
            open_endpoint_page(endpoint.name)
            st.rerun()  # the whole page: the wall alone is a fragment
