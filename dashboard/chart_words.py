"""A chart's words and number formats in the reader's language; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.accuracy import LEVELS
from backend.series_calendar import has_hours
from dashboard.chart_style import Words

if TYPE_CHECKING:
    from dashboard.i18n import Reader


def chart_words(
    reader: Reader, unit: str | None, *, miss_level: int = 95, size: float = 1000.0, frequency: str = "D"
) -> Words:
    """The chart's words and formats; `size`, a typical value, decides the digits of a plain number."""
    hours = has_hours(frequency)
    return Words(
        actual=reader.t("chart.actual"),
        forecast=reader.t("chart.forecast"),
        said=reader.t("chart.said"),
        miss=reader.t("chart.miss", level=miss_level),
        plan=reader.t("chart.plan"),
        band={level: reader.percent(level / 100) for level in LEVELS},
        value_format=f"{'$' if unit == 'USD' else ''},.{digits_for(size)}f",
        day_format=reader.t("chart.day_format"),
        month_format=reader.t("chart.month_format"),
        hover_format=reader.t("chart.hover_hour_format" if hours else "chart.hover_format"),
        hour_format=reader.t("chart.hour_format") if hours else None,
    )


def digits_for(size: float) -> int:
    """Decimals for numbers of a typical size."""
    return 0 if size >= 100 else 1 if size >= 10 else 2
