"""Past forecasts of whole weeks that came to a known share of what was said."""

from __future__ import annotations

from backend.actuals import Actuals
from backend.forecast_types import Vintage
from tests.dashboard.series_examples import issued


def weekly_forecasts(series: Actuals, ratios: list[float]) -> tuple[Vintage, ...]:
    """A week's forecast a week, the newest ending with the actuals; each week came to its ratio of it."""
    values = series.frame["y"].to_numpy()
    found = []
    for place, ratio in enumerate(ratios):
        row = len(values) - 7 * (len(ratios) - place) - 1
        week = values[row + 1 : row + 8]
        found.append(issued(series.frame["ds"].iloc[row].to_pydatetime(), (week / ratio).tolist()))
    return tuple(found)
