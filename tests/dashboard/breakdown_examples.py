"""A small panel whose figures are easily told, and forecasts of its nodes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from backend.forecast_types import ForecastPoint, Vintage
from backend.panel import Panel

PARTS = ("North/Tea", "North/Rice", "South/Tea", "South/Rice")
STEPS = 400


def panel_of(parts: tuple[str, ...] = PARTS, steps: int = STEPS, begins: tuple[int, ...] = ()) -> Panel:
    """Each part sells ten times its place a day, more by one in each half year."""
    begins = begins or (0,) * len(parts)
    rises = np.arange(steps) // 182
    values = np.stack([10.0 * (place + 1) + rises for place in range(len(parts))])
    for row, begin in zip(values, begins, strict=True):
        row[:begin] = 0.0
    grid = pd.date_range("2022-01-01", periods=steps, freq="D")
    names = ("Region", "Line")[: parts[0].count("/") + 1]
    return Panel("p", parts, grid, values, begins, names, "D", "D", "ds", "y", ("ds", "y"), values.size)


def said(panel: Panel, node: str, daily: float) -> Vintage:
    """A forecast of the same value every day, from the panel's last day on."""
    points = tuple(
        ForecastPoint(
            panel.origin + timedelta(days=step),
            daily,
            {80: daily - 2, 95: daily - 4},
            {80: daily + 2, 95: daily + 4},
        )
        for step in range(1, 91)
    )
    issued = datetime(2023, 3, 1, tzinfo=UTC)
    series = panel.series_of(node)
    return Vintage("e", "m", "1", series, panel.origin, issued, "D", 1.0, "yosoku", points)


def futures_of(panel: Panel, **daily: float) -> dict[str, Vintage]:
    """A forecast for each node: what is given (`South_Rice=50.0`), or what it sold on its last day."""
    return {
        node: said(panel, node, daily.get(node.replace("/", "_"), float(panel.values_of(node)[-1])))
        for node in panel.nodes
    }


def plan_for(panel: Panel, daily: float, *, days: int = 28) -> pd.DataFrame:
    """The same target every day, from the panel's last day on."""
    steps = pd.date_range(panel.origin + timedelta(days=1), periods=days, freq="D")
    return pd.DataFrame({"ds": steps, "y": daily})
