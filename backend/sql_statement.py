"""What may be asked of somebody else's database: one SELECT, taken as it is written."""

from __future__ import annotations

import re

# Texts in quotes, quoted names, and comments: nothing inside them ends a statement.
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


def one_select(statement: str) -> str:
    """The statement without what ends it; ValueError unless it is one SELECT."""
    trimmed = statement.strip().rstrip(";").rstrip()
    bare = _QUOTED.sub(" ", trimmed)
    if not _READS.match(bare) or ";" in bare:
        raise ValueError("It must be one SELECT.")
    return trimmed


def without_parameters(statement: str) -> str:
    """The statement with its colons escaped, since SQLAlchemy would take `:name` for a parameter."""
    return _COLON.sub(r"\\:", statement)
