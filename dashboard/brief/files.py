"""A board as a file: its formats, and files with a date in their names that are never there by halves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.errors import InvalidInput
from backend.mail import Attachment
from dashboard.spreadsheet import workbook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from backend.settings import BriefFormat
    from dashboard.board import Board
    from dashboard.i18n import Reader

MEDIA_TYPES: Mapping[BriefFormat, str] = {
    "html": "text/html",
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def make_file(reader: Reader, board: Board, form: BriefFormat, day: date) -> Attachment:
    """A board in one format, under a name such as 2014-06-01-adventureworks_daily-ja.pdf."""
    name = re.sub(r"[^\w.-]+", "-", board.name).strip("-.") or "brief"
    return Attachment(
        f"{day.isoformat()}-{name}-{reader.language}.{form}",
        MEDIA_TYPES[form],
        _content(reader, board, form),
    )


def write_file(folder: Path, file: Attachment) -> Path:
    """Write a file in one step, in the place of an older one of its name; raises InvalidInput."""
    path = folder / file.name
    partial = folder / f".{file.name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(file.content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InvalidInput(
            f"The brief can't be written to {folder}.",
            field="brief_folder",
            code="brief.folder",
            evidence=str(error),
            folder=str(folder),
        ) from error
    return path


def _content(reader: Reader, board: Board, form: BriefFormat) -> bytes:
    # Each brings libraries that only its readers pay for.
    if form == "html":
        from dashboard.brief.html import html_brief

        return html_brief(reader, board).encode()
    if form == "pdf":
        from dashboard.brief.pdf import pdf_brief

        return pdf_brief(reader, board)
    return workbook(reader, board)
