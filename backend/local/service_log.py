"""The log of one service: written by its process and by the supervisor, read for evidence."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TAIL_BYTES = 64 * 1024
_LARGEST_BYTES = 32 * 1024 * 1024
_KEPT_BYTES = 4 * 1024 * 1024


def append(path: Path, sentence: str) -> None:
    """Add one line of the supervisor's own."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    with path.open("ab") as log:
        log.write(f"{stamp} yosoku: {sentence}\n".encode())


def trim(path: Path) -> None:
    """Keep the end of a log that grew over 32 MiB; the process goes on appending to the same file."""
    if size(path) <= _LARGEST_BYTES:
        return
    with path.open("r+b") as log:
        log.seek(-_KEPT_BYTES, os.SEEK_END)
        kept = log.read()
        log.truncate(0)
    with path.open("ab") as log:
        log.write(kept[kept.find(b"\n") + 1 :])


def size(path: Path) -> int:
    """Bytes so far; 0 when there is no log yet."""
    return path.stat().st_size if path.exists() else 0


def tail(path: Path, *, since: int = 0) -> str:
    """The end of the log, at most 64 KiB, nothing before the byte `since`."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        end = log.seek(0, os.SEEK_END)
        log.seek(max(since, end - _TAIL_BYTES))
        return log.read().decode("utf-8", "replace")
