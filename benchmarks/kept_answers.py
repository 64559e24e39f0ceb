"""Answers that took long are kept as JSON, found again by the content of what was asked."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from benchmarks.peer_environment import CACHE

if TYPE_CHECKING:
    from pathlib import Path

FORECASTS = CACHE / "forecasts"


def path_of(name: str, asked: Any) -> Path:
    """Where the answer to `asked` (anything that JSON can hold) is kept; `name` is for people to read."""
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
    return FORECASTS / f"{name}-{digest[:24]}.json"


def keep(path: Path, answer: Any) -> None:
    """Keep an answer, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(answer), encoding="utf-8")
    unfinished.replace(path)


def kept(path: Path) -> Any | None:
    """The answer, or None when none is kept."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
