"""A log with search, a count and a download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from dashboard.i18n import Reader

LINES_SHOWN = 500
HEIGHT = 460


def show_log(reader: Reader, text: str, *, key: str, file_name: str) -> None:
    """The log's last lines that hold the words searched for, and the whole of it as a download."""
    if not text.strip():
        st.info(reader.t("log.empty"), icon=":material/notes:")
        return
    lines = text.splitlines()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            reader.t("log.search"),
            key=f"{key}_search",
            placeholder=reader.t("log.search_hint"),
            type="search",
        )
        st.download_button(
            reader.t("log.download"),
            text,
            file_name=file_name,
            mime="text/plain",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_download",
        )
    found = matching(lines, wanted or "")
    st.caption(reader.t("log.count", shown=min(len(found), LINES_SHOWN), found=len(found), all=len(lines)))
    if found:
        with st.container(height=HEIGHT, autoscroll=True, border=False):  # the newest lines are the last
            st.code("\n".join(found[-LINES_SHOWN:]), language="log", wrap_lines=True)


def matching(lines: list[str], wanted: str) -> list[str]:
    """The lines that hold all of the words, whatever their case."""
    words = wanted.lower().split()
    return [line for line in lines if all(word in line.lower() for word in words)]
