"""What a training is given: the actuals as a file that its command reads, and how it is to read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from backend.panel import Panel
from backend.series_calendar import has_hours

if TYPE_CHECKING:
    from pathlib import Path

    from backend.actuals import Actuals
    from backend.settings import Settings

EVERY, QUICK = "all", "quick"


def write_input(series: Actuals | Panel, folder: Path) -> list[str]:
    """Write the actuals below a folder; returns the arguments by which the training command reads them.

    The parts of a panel become one model, which forecasts their sums too where they add up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "actuals.csv"
    arguments = ["--input", str(path), "--date-column", "ds", "--value-column", "y"]
    if isinstance(series, Panel):
        series.write_long(path)
        arguments += ["--id-column", "unique_id", "--gaps", "zero"]
        return [*arguments, "--hierarchy"] if series.adds_up else arguments
    _write_observed(series, path)
    return [*arguments, "--gaps", "interpolate"] if series.filled else arguments


def candidates_for(series: Actuals | Panel, settings: Settings) -> str:
    """The candidates of the settings; for a panel, where those are all, the quick ones: it has a competition
    for each of its series."""
    wanted = settings.training_candidates
    return QUICK if isinstance(series, Panel) and wanted == EVERY else wanted


def described(series: Actuals | Panel) -> dict[str, Any]:
    """The actuals in figures, as a job's result keeps them."""
    told: dict[str, Any] = {"columns": [series.date_column, series.value_column]}
    if isinstance(series, Panel):
        first, rows, filled = series.steps[0], series.rows, 0
        told["series"] = len(series.nodes)
    else:
        first, rows, filled = series.frame["ds"].iloc[0], len(series.frame), len(series.filled)
    return told | {
        "rows": rows,
        "first": first.isoformat(),
        "last": series.origin.isoformat(),
        "filled": filled,
    }


def _write_observed(series: Actuals, path: Path) -> None:
    """The rows that were observed: what is missing among them is the training's to fill, and to report."""
    observed = series.frame[~series.frame["ds"].isin(pd.to_datetime(list(series.filled)))]
    written = "%Y-%m-%dT%H:%M:%S" if has_hours(series.frequency) else "%Y-%m-%d"
    observed.to_csv(path, index=False, date_format=written)
