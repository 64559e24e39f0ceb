"""A real training's report (bundled data, 18 origins, the course's ARIMA as champion), and changes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from backend.training_report import TrainingReport, parse_report

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "report.json").read_text(encoding="utf-8"))


def document() -> dict[str, Any]:
    """The report as a document of its own, free to change."""
    return copy.deepcopy(DOCUMENT)


def report(changed: dict[str, Any] | None = None) -> TrainingReport:
    """The report, or a changed document of it."""
    return parse_report(json.dumps(changed or DOCUMENT))


def row(changed: dict[str, Any], name: str) -> dict[str, Any]:
    """A row of a document's leaderboard."""
    return next(row for row in changed["leaderboard"] if row["name"] == name)


def without_champion() -> dict[str, Any]:
    """The report of a run that had no champion to measure."""
    changed = document()
    for key in ("leaderboard", "lead_times", "origins"):
        changed[key] = [row for row in changed[key] if row["name"] != "registered"]
    return changed
