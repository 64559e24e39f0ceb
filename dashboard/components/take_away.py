"""Take it away: what is on the screen as a table, a page or a picture, and an address that shows it again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from backend.errors import YosokuError
from dashboard.brief.files import export_board
from dashboard.components.feedback import show_error
from dashboard.components.scheduled_brief import show_scheduled_brief
from dashboard.shared_view import is_shared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboard.board import Board
    from dashboard.brief.files import Export, ExportFormat
    from dashboard.i18n import Reader

DOCUMENTS: Sequence[ExportFormat] = ("pdf", "html", "xlsx", "csv")


def show_take_away(reader: Reader, board: Board, link: str) -> None:
    """One button that opens the choices; a file is made when it is asked for."""
    menu = st.popover(reader.t("brief.title"), icon=":material/download:", key="take_away", on_change="rerun")
    if not menu.open:
        return
    today = datetime.now(reader.zone).date()
    with menu:
        for form in DOCUMENTS:
            export = export_board(reader, board, form, today)
            _offer(reader, form, export, export.make)
        _picture(reader, export_board(reader, board, "png", today))
        st.caption(reader.t("brief.link"))
        st.code(link, language=None, wrap_lines=True)
        if not is_shared():
            show_scheduled_brief(reader)


def _offer(reader: Reader, kind: str, export: Export, content: bytes | Callable[[], bytes]) -> None:
    """A button that saves a file; content that is still to be made is made on a click."""
    st.download_button(
        reader.t(f"brief.{kind}"),
        content,
        file_name=export.name,
        mime=export.media_type,
        on_click="ignore",
        key=f"take_away_{kind}",
        width="stretch",
    )


def _picture(reader: Reader, export: Export) -> None:
    """Drawn before it is offered, so that where it can't be, a sentence says what is missing."""
    if not st.button(reader.t("brief.png"), key="take_away_png", width="stretch"):
        return
    try:
        with st.spinner(reader.t("brief.drawing")):
            picture = export.make()
    except YosokuError as error:
        show_error(reader, error)
        return
    _offer(reader, "png_ready", export, picture)
