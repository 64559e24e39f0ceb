"""Why a scoring process did not come up: exit code and log, read as a sentence with its evidence (pure)."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.local.process_record import WorkerDeaths

_EVIDENCE_LENGTH = 4000
_CAUSE = "\nThe above exception was the direct cause of the following exception:"
_TRACEBACK = "Traceback (most recent call last):"
# faulthandler's first line; the innermost frame follows.
_HANGING = "Timeout ("
_IMPORT_FAILED = "Failed to import user script"
_USER_SCRIPT_ERROR = re.compile(r"UserScriptError: (.+)")
_LAST_EXCEPTION = re.compile(r"^(\w+(?:\.\w+)*(?:Error|Exception): .+)$", re.MULTILINE)
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")


@dataclass(frozen=True)
class StartFailure:
    """A code for the catalogues, one sentence, and the lines that show it."""

    code: str
    message: str
    evidence: str


def diagnose(exit_code: int | None, deaths: WorkerDeaths, log: str) -> StartFailure:
    """Read an exit code, what the launcher recorded, and the log since the start."""
    if deaths.kind == "init_timeout":
        hanging = log[max(log.rfind(_HANGING), 0) :]
        return StartFailure(deaths.kind, sentence(deaths.reason), hanging[:_EVIDENCE_LENGTH])
    if deaths.kind == "crash_loop":
        return StartFailure(deaths.kind, sentence(deaths.reason), _end_of(log))
    raised = _raised(log)
    if raised is None:
        if missing := _USER_SCRIPT_ERROR.findall(log):
            return StartFailure(
                "script_error", f"The scoring script can't be used: {missing[-1]}", _end_of(log)
            )
        said = _LAST_EXCEPTION.findall(log)
        because = f": {said[-1]}" if said else ""
        message = f"The scoring process {describe_exit(exit_code)} before it answered{because}."
        return StartFailure("exited", message, _end_of(log))
    traceback, exception = raised
    kind = exception.split(":", 1)[0].rsplit(".", 1)[-1]
    if kind in _SYNTAX_ERRORS:
        return StartFailure("script_error", f"The scoring script can't be read: {exception}", traceback)
    if _IMPORT_FAILED in log:
        return StartFailure("script_error", f"Importing the scoring script raised {exception}", traceback)
    if kind == "FileNotFoundError":
        return StartFailure("model_file_missing", f"init() raised {exception}", traceback)
    return StartFailure("init_raised", f"init() raised {exception}", traceback)


def describe_exit(exit_code: int | None) -> str:
    """What an exit code says, as the rest of a sentence; an adopted process has none."""
    if exit_code is None:
        return "ended"
    if exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended with code {exit_code}"


def sentence(reason: str) -> str:
    """A reason as a sentence of its own; function names keep their small letter."""
    text = reason.rstrip(".")
    return f"{text}." if text.startswith("init()") else f"{text[:1].upper()}{text[1:]}."


def _raised(log: str) -> tuple[str, str] | None:
    """The traceback of the scoring script and its exception's line."""
    before, found, _ = log.rpartition(_CAUSE)
    if not found:
        return None
    traceback = before[before.rfind(_TRACEBACK) :]
    lines = traceback.splitlines()
    frames = [number for number, line in enumerate(lines) if line.startswith('  File "')]
    for line in lines[frames[-1] + 1 if frames else 0 :]:
        if line and not line.startswith((" ", _TRACEBACK)):
            return traceback[-_EVIDENCE_LENGTH:], line.strip()
    return None


def _end_of(log: str) -> str:
    return log[-_EVIDENCE_LENGTH:]
