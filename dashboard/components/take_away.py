"""Take it away: what is on the screen as a table, a page or a picture, and an address that shows it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.errors import YosokuError
from dashboard.components.feedback import show_error
from dashboard.components.scheduled_brief import show_scheduled_brief
from dashboard.shared_view import is_shared

if TYPE_CHECKING:
    from dashboard.board import Board
    from dashboard.i18n import Reader

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show_take_away(reader: Reader, board: Board, link: str) -> None:
    """One button that opens the choices; a file is made when it is asked for."""
    name = board.name.replace("/", "-")
    with st.popover(reader.t("brief.title"), icon=":material/download:", key="take_away"):
        _file(reader, "pdf", lambda: _pdf(reader, board), f"{name}.pdf", "application/pdf")
        _file(reader, "html", lambda: _html(reader, board), f"{name}.html", "text/html")
        _file(reader, "xlsx", lambda: _workbook(reader, board), f"{name}.xlsx", EXCEL)
        _file(reader, "csv", lambda: _csv(board), f"{name}.csv", "text/csv")
        _picture(reader, board, f"{name}.png")
        st.caption(reader.t("brief.link"))
        st.code(link, language=None, wrap_lines=True)
        if not is_shared():
            show_scheduled_brief(reader)


def _file(reader: Reader, kind: str, make: object, name: str, mime: str) -> None:
    st.download_button(
        reader.t(f"brief.{kind}"),
        make,  # type: ignore[arg-type]
        file_name=name,
        mime=mime,
        on_click="ignore",
        key=f"take_away_{kind}",
        width="stretch",
    )


def _picture(reader: Reader, board: Board, name: str) -> None:
    """Drawn on a click, since it may take seconds or not be possible here."""
    if not st.button(reader.t("brief.png"), key="take_away_png", width="stretch"):
        return
    from dashboard.brief.png import png_chart

    try:
        with st.spinner(reader.t("brief.drawing")):
            picture = png_chart(board)
    except YosokuError as error:
        show_error(reader, error)
        return
    st.download_button(
        reader.t("brief.png_ready"),
        picture,
        file_name=name,
        mime="image/png",
        on_click="ignore",
        key="take_away_png_ready",
        width="stretch",
    )


def _pdf(reader: Reader, board: Board) -> bytes:
    from dashboard.brief.pdf import pdf_brief

    return pdf_brief(reader, board)


def _html(reader: Reader, board: Board) -> str:
    from dashboard.brief.html import html_brief

    return html_brief(reader, board)


def _workbook(reader: Reader, board: Board) -> bytes:
    from dashboard.spreadsheet import workbook

    return workbook(reader, board)


def _csv(board: Board) -> str:
    from dashboard.spreadsheet import csv_text

    return csv_text(board)
