"""The chart of errors by lead time: one line a model, from zero, in the theme's colours."""

from __future__ import annotations

import json

from dashboard.chart_style import FORECAST, INK, SAID
from dashboard.lead_time_chart import ErrorLine, lead_time_chart

LABELS = ["1 to 7 days", "8 to 14 days"]
LINES = [
    ErrorLine("This model", "challenger", (304.5, 317.3)),
    ErrorLine("Champion before", "champion", (378.6, 397.7)),
    ErrorLine("Same day a week before", "reference", (414.9, 443.4)),
]


def test_each_model_is_a_line_of_its_own_look() -> None:
    figure = lead_time_chart(LABELS, LINES, value_format=",.0f")
    assert [trace.name for trace in figure.data] == [line.name for line in LINES]
    assert [trace.line.color for trace in figure.data] == [FORECAST, INK, SAID]
    assert list(figure.data[1].y) == [378.6, 397.7]
    assert list(figure.data[0].x) == LABELS
    assert "This model" in figure.data[0].hovertemplate


def test_errors_are_drawn_from_zero_and_fit() -> None:
    low, high = lead_time_chart(LABELS, LINES, value_format=",.0f").layout.yaxis.range
    assert low == 0
    assert high > 443.4


def test_perfect_forecasts_and_no_forecasts_are_drawn_too() -> None:
    for lines in ([], [ErrorLine("exact", "challenger", (0.0,))]):
        figure = lead_time_chart(["1 day"], lines, value_format=",.2f")
        assert figure.layout.yaxis.range[1] > 0
        json.loads(figure.to_json())
