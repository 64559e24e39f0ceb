"""Deleting only after the name was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.errors import YosokuError
from dashboard import reads
from dashboard.components.feedback import plain, show_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboard.i18n import Reader


def delete_guarded(
    reader: Reader, name: str, *, what: str, key: str, delete: Callable[[], None], after: Callable[[], None]
) -> None:
    """A field and a button that works once the field holds `name`; `after` runs when it is gone.

    `what` is the catalogue's section of the sentences.
    """
    st.markdown(reader.t(f"{what}.delete_explain", name=plain(name)))
    typed = st.text_input(
        reader.t("guard.type", name=plain(name)), key=f"{key}_typed", autocomplete="off", width=360
    )
    sure = (typed or "").strip() == name
    pressed = st.button(
        reader.t(f"{what}.delete"),
        key=f"{key}_delete",
        icon=":material/delete:",
        disabled=not sure,
        help=None if sure else reader.t("guard.why"),
    )
    if not (pressed and sure):
        return
    try:
        with reads.changing(), st.spinner(reader.t("guard.deleting", name=name)):
            delete()
    except YosokuError as error:
        show_error(reader, error, title=reader.t("guard.failed", name=plain(name)))
        return
    after()
    st.rerun()
