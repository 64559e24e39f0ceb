"""A board as a file: its formats, and files with a date in their names that are never there by halves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from backend.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from backend.mail import Attachment
    from dashboard.board import Board
    from dashboard.i18n import Reader

ExportFormat = Literal["pdf", "html", "xlsx", "csv", "png"]
MEDIA_TYPES: Mapping[ExportFormat, str] = {
    "pdf": "application/pdf",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
}


@dataclass(frozen=True)
class Export:
    """A board in one format: name and media type such as application/pdf; `make` makes the content."""

    name: str
    media_type: str
    make: Callable[[], bytes]


def export_board(reader: Reader, board: Board, form: ExportFormat, day: date) -> Export:
    """A board in one format, named such as 2014-06-01-adventureworks_daily-ja.pdf; nothing is made yet.

    Where there is no Chromium, making a picture raises NoPicture.
    """
    name = re.sub(r"[^\w.-]+", "-", board.name).strip("-.") or "brief"
    return Export(
        f"{day.isoformat()}-{name}-{reader.language}.{form}",
        MEDIA_TYPES[form],
        partial(_content, reader, board, form),
    )


def write_file(folder: Path, file: Attachment) -> Path:
    """Write a file in one step, in the place of an older one of its name; raises InvalidInput."""
    path = folder / file.name
    partial_path = folder / f".{file.name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            partial_path.write_bytes(file.content)
            partial_path.replace(path)
        finally:
            partial_path.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The brief can't be written to {folder}.",
            field="brief_folder",
            code="brief.folder",
            evidence=str(error),
            folder=str(folder),
        ) from error
    return path


def _content(reader: Reader, board: Board, form: ExportFormat) -> bytes:
    # Each brings libraries that only its readers pay for.
    match form:
        case "pdf":
            from dashboard.brief.pdf import pdf_brief

            return pdf_brief(reader, board)
        case "html":
            from dashboard.brief.html import html_brief

            return html_brief(reader, board).encode()
        case "xlsx":
            from dashboard.spreadsheet import workbook

            return workbook(reader, board)
        case "csv":
            from dashboard.spreadsheet import csv_text

            return csv_text(board).encode()
        case "png":
            from dashboard.brief.png import png_chart

            return png_chart(board)
