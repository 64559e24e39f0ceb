"""What uv said, as one readable sentence."""

from __future__ import annotations

import re

_MAX_LENGTH = 700
_ADORNMENT = re.compile(r"^[\s│╰╭├─▶×╞═┬]+")
_CREDENTIALS = re.compile(r"(://)[^/@\s]+@")


def readable(output: str) -> str:
    """The resolver's own message without its box drawing; empty when it wrote nothing.

    Leaves out what comes before the first marked line (warnings, downloads), and credentials in addresses.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if re.match(r"\s*×|error:", line)]
    chosen = lines[starts[-1] :] if starts else lines[-1:]
    words = [_ADORNMENT.sub("", line).strip() for line in chosen]
    text = " ".join(word for word in words if word).removeprefix("error: ")
    text = without_credentials(re.sub(r"\s+", " ", text))
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


def without_credentials(text: str) -> str:
    """Text whose addresses have lost user names and passwords."""
    return _CREDENTIALS.sub(r"\1", text)
