"""The entry of the app: language, navigation, the line above every page."""

from __future__ import annotations

import streamlit as st

from dashboard.components.masthead import ICON, connect, masthead, open_or_tell
from dashboard.session import reader, settle_language
from dashboard.shared_view import is_shared

settle_language()
words = reader()
# An image of our own: the browser would fetch a Material icon for the tab from outside.
st.set_page_config(page_title=words.t("app.title"), page_icon=str(ICON), layout="wide")


def page(name: str, icon: str, *, default: bool = False) -> st.Page:
    """A page file with its title and help in the reader's language."""
    return st.Page(
        f"dashboard/pages/{name}.py",
        title=words.t(f"{name}.page"),
        icon=f":material/{icon}:",
        help=words.t(f"{name}.page_help"),
        default=default,
    )


selected = st.navigation(
    [
        page("forecast", "trending_up", default=True),
        page("models", "deployed_code"),
        page("deploy", "rocket_launch"),
        page("endpoints", "hub"),
        page("try_it", "terminal"),
    ],
    position="hidden" if is_shared() else "top",
)
open_or_tell()
masthead()
connect()
selected.run()
