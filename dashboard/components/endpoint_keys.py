"""An endpoint's keys: masked, shown when asked, regenerated one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import streamlit as st

from backend import services
from backend.errors import YosokuError
from backend.services import WhichKey
from dashboard.components.feedback import plain, show_error
from dashboard.session import workspace

if TYPE_CHECKING:
    from backend.services import Endpoint
    from dashboard.i18n import Reader

MASK = "\N{BULLET}" * 32


def show_keys(reader: Reader, endpoint: Endpoint) -> None:
    """Both keys; a key is fetched, and sent to the browser, only after it was asked for."""
    if not endpoint.authentication:
        st.info(reader.t("keys.none"), icon=":material/lock_open:")
        return
    st.markdown(reader.t("keys.explain"))
    for which in get_args(WhichKey):
        _show_key(reader, endpoint.name, which)
    news = st.session_state.pop("keys_regenerated", None)
    if news:
        st.success(reader.t("keys.regenerated", key=reader.t(f"keys.{news}")), icon=":material/check_circle:")


def _show_key(reader: Reader, name: str, which: WhichKey) -> None:
    title = reader.t(f"keys.{which}")
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{title}**", width="content")
            with st.container(horizontal=True, vertical_alignment="center", width="content"):
                shown = st.toggle(reader.t("keys.show"), key=f"keys_show_{which}_{name}")
                with st.popover(
                    reader.t("keys.regenerate"), icon=":material/autorenew:", key=f"keys_panel_{which}_{name}"
                ):
                    _regenerate(reader, name, which)
        if not shown:
            st.code(MASK, language=None)
            return
        try:
            found = services.keys(workspace(), name)
        except YosokuError as error:
            show_error(reader, error)
            return
        st.code(found.primary if which == "primary" else found.secondary, language=None)


def _regenerate(reader: Reader, name: str, which: WhichKey) -> None:
    st.markdown(reader.t(f"keys.regenerate_explain.{which}"))
    if not st.button(
        reader.t("keys.regenerate_confirm"), type="primary", key=f"keys_regenerate_{which}_{name}"
    ):
        return
    try:
        with st.spinner(reader.t("keys.regenerating")):
            services.regenerate_key(workspace(), name, which)
    except YosokuError as error:
        show_error(reader, error, title=reader.t("keys.failed", name=plain(name)))
        return
    st.session_state["keys_regenerated"] = which
    st.rerun()
