"""The line above every page: which workspace this is, and the language."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from backend.errors import YosokuError
from dashboard import reads
from dashboard.components.feedback import plain, show_error
from dashboard.session import application, choose_language, reader, workspace

ICON = Path(__file__).parent.parent / "icon.png"
CONNECTED = "connected"
WIDTH = 340  # pixels


def open_or_tell() -> None:
    """Open the application; a history that can't be opened ends the run with a sentence."""
    try:
        application()
    except YosokuError as error:
        show_error(reader(), error, title=reader().t("app.unavailable"))
        st.stop()


def masthead() -> None:
    """Workspace on the left, language on the right."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        _workspace()
        choose_language()


def connect() -> None:
    """Connect on a session's first run, with a word about the wait; the page tells what went wrong."""
    if st.session_state.get(CONNECTED):
        return
    try:
        with st.spinner(reader().t("workspace.connecting")):
            workspace()
    except YosokuError:
        return
    st.session_state[CONNECTED] = True


def _workspace() -> None:
    words = reader()
    kind = application().settings.workspace
    opened = st.popover(
        words.t(f"workspace.{kind}"),
        type="tertiary",
        icon=":material/home_work:" if kind == "local" else ":material/cloud:",
        key="workspace",
        on_change="rerun",
    )
    if not opened.open:
        return
    with opened:
        try:
            facts = reads.facts()
        except YosokuError as error:
            show_error(words, error)
            return
        with st.container(width=WIDTH):
            for name in ("name", "resource_group", "subscription_id", "location"):
                with st.container(gap=None):
                    st.caption(words.t(f"workspace.{name}"))
                    st.markdown(plain(getattr(facts, name)))
            st.caption(words.t(f"workspace.note_{kind}"))
