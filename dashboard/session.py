"""Who is looking and what they look at: the reader's language, the application behind the pages."""

from __future__ import annotations

import gc
import zoneinfo
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.application import Application, open_application
from dashboard.brief.delivery import schedule_briefs
from dashboard.i18n import LANGUAGES, Reader, language_of_locale, open_reader

if TYPE_CHECKING:
    import datetime

LANGUAGE = "lang"
SWITCH = "language"
MOUSE = "has_a_mouse"


def settle_language() -> None:
    """Decide the language of this run: the URL's (`?lang=ja`), else the session's, else the browser's.

    It is written back to the URL, which navigation empties. A widget bound to the URL would put its label
    there.
    """
    asked = st.query_params.get(LANGUAGE)
    if asked in LANGUAGES:
        st.session_state[LANGUAGE] = asked
        return
    st.session_state.setdefault(LANGUAGE, language_of_locale(st.context.locale))
    st.query_params[LANGUAGE] = st.session_state[LANGUAGE]


def choose_language() -> None:
    """The language switch."""
    st.session_state[SWITCH] = st.session_state[LANGUAGE]
    st.segmented_control(
        reader().t("app.language"),
        LANGUAGES,
        required=True,
        format_func=lambda code: open_reader(code).t("app.language_name"),
        key=SWITCH,
        on_change=_switch,
        label_visibility="collapsed",
    )


def _switch() -> None:
    st.session_state[LANGUAGE] = st.session_state[SWITCH]
    st.query_params[LANGUAGE] = st.session_state[SWITCH]


def reader() -> Reader:
    """The reader of this session, in their language and time zone."""
    return open_reader(st.session_state.get(LANGUAGE), _zone())


def has_a_mouse() -> bool:
    """Whether the browser is a desk's: a finger that scrolls a page over a chart must not zoom it."""
    if MOUSE not in st.session_state:  # a session stays in one browser; the headers are read anew each time
        st.session_state[MOUSE] = "Mobi" not in (st.context.headers.get("User-Agent") or "")
    return bool(st.session_state[MOUSE])


def _zone() -> datetime.tzinfo | None:
    try:
        return zoneinfo.ZoneInfo(st.context.timezone) if st.context.timezone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # a browser may name a zone this system lacks
        return None


@st.cache_resource(show_spinner=False)
def application() -> Application:
    """The one application behind all sessions."""
    opened = open_application()
    schedule_briefs(opened)
    # What is alive now stays: later collections need not walk the modules and tables of the libraries again.
    gc.collect()
    gc.freeze()
    return opened


def workspace() -> Any:
    """The connected workspace; raises WorkspaceUnavailable."""
    return application().workspace()
