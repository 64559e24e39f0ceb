"""What every chart shares: its words, the theme's colours, and how it behaves; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Levels = Literal["80", "95", "both"]
Trace = dict[str, Any]

# Streamlit's front end replaces these by the entries of theme.chartCategoricalColors, in their order, so that
# one figure is right in both themes and follows a switch without being built again (see config.toml).
INK, FORECAST, BAND_80, BAND_95, SAID, MISS, GOOD, GRID, PANEL, PAPER = (
    f"#{position:06d}" for position in range(1, 11)
)
DAY_MILLISECONDS = 86_400_000
CONFIG: Mapping[str, object] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"}


@dataclass(frozen=True)
class Words:
    """The words and number formats of a chart, in the reader's language.

    `value_format` is a d3 number format, `day_format`, `month_format`, `hover_format` and `hour_format`, for
    series that have hours, are d3 time formats (a line break in one makes plotly write the second line only
    where it changes).
    """

    actual: str
    forecast: str
    said: str
    miss: str
    plan: str
    band: Mapping[int, str]
    value_format: str
    day_format: str
    month_format: str
    hover_format: str
    hour_format: str | None = None


def calm(*, legend_below: float) -> dict[str, Any]:
    """What every chart shares: one hover label a step, no dragging, a legend so far below that only tells."""
    return {
        "hovermode": "x unified",
        "hoverlabel": {"align": "left"},
        "dragmode": False,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": -legend_below,
            "xanchor": "left",
            "yanchor": "top",
            "itemclick": False,
            "itemdoubleclick": False,
        },
    }
