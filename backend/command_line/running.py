"""Runs one parsed command: its result on the standard output, everything else beside it."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

from pydantic import ValidationError

from backend.application import Application
from backend.errors import YosokuError
from backend.settings import Settings

if TYPE_CHECKING:
    from argparse import Namespace

    from backend.command_line.commands import Document

DONE, FAILED = 0, 1
GAP = "  "


def run_command(given: Namespace, output: TextIO | None = None, progress: TextIO | None = None) -> int:
    """Do what was asked; 0 when it was done, 1 with the reason when it was not.

    `output` takes the result alone (the standard output by default), `progress` what is told meanwhile.
    """
    output, progress = output or sys.stdout, progress or sys.stderr

    def tell(line: str) -> None:
        print(line, file=progress, flush=True)

    try:
        application = Application(Settings())
    except ValidationError as error:
        tell("\n".join(str(problem["msg"]) for problem in error.errors()))
        return FAILED
    try:
        with contextlib.redirect_stdout(progress):  # the SDK prints
            document: Document = given.operation(application, given, tell)
    except YosokuError as error:
        if given.json:
            print(json.dumps(_error(error), ensure_ascii=False), file=output)
        tell(f"{error.code}: {error.message}")
        if error.evidence and not given.json:
            tell(error.evidence)
        return FAILED
    finally:
        application.close()
    written = json.dumps(document, ensure_ascii=False, default=str) if given.json else as_text(document)
    print(written, file=output)
    return DONE


def as_text(document: Document) -> str:
    """A result for a person: a table of a list, a line a fact of an object."""
    if isinstance(document, str):
        return document
    if isinstance(document, dict):
        width = max(map(len, document), default=0)
        return "\n".join(f"{key:<{width}}{GAP}{_cell(value)}" for key, value in document.items())
    columns = list(dict.fromkeys(key for row in document for key in row))
    rows = [columns, *([_cell(row.get(column)) for column in columns] for row in document)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    return "\n".join(
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _error(error: YosokuError) -> dict[str, Any]:
    details = {name: str(value) for name, value in error.details.items()}
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "evidence": error.evidence,
            "details": details,
        }
    }
