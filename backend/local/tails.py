"""The last lines of a log file, read from its end."""

from __future__ import annotations

from pathlib import Path

BLOCK = 1 << 16


def tail(path: Path | str, lines: int, *, longest: int = 8 << 20) -> str:
    """The last `lines` lines of a file (at most `longest` bytes); empty when there is no file yet."""
    if not Path(path).exists():
        return ""
    with Path(path).open("rb") as stream:
        position = stream.seek(0, 2)
        parts: list[bytes] = []
        found = held = 0
        while position > 0 and found <= lines and held < longest:
            size = min(BLOCK, position)
            position -= size
            stream.seek(position)
            part = stream.read(size)
            parts.append(part)
            found += part.count(b"\n")
            held += len(part)
    text = b"".join(reversed(parts)).decode("utf-8", "replace")
    return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""
