"""A long line keeps its ends and its peaks, and its chart is small."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.io

from dashboard.chart_words import chart_words
from dashboard.charts import Lines, forecast_chart
from dashboard.i18n import open_reader
from dashboard.series import future_frame
from dashboard.thinning import MOST_POINTS, thin
from tests.dashboard.series_examples import issued

HOURS = 43_800  # five years


def long_line() -> pd.DataFrame:
    steps = pd.date_range("2020-01-01", periods=HOURS, freq="h")
    return pd.DataFrame({"ds": steps, "y": np.sin(np.arange(HOURS) / 7) * 100 + 500})


def test_peaks_and_ends_stay() -> None:
    frame = long_line()
    frame.loc[[1_234, 40_001], "y"] = [9_999.0, -5_000.0]
    thinned = thin(frame, "y")
    assert len(thinned) <= MOST_POINTS
    assert thinned["y"].max() == 9_999
    assert thinned["y"].min() == -5_000
    assert thinned["ds"].iloc[[0, -1]].tolist() == frame["ds"].iloc[[0, -1]].tolist()
    assert thinned["ds"].is_monotonic_increasing


def test_a_short_line_is_left_alone() -> None:
    frame = long_line().head(MOST_POINTS)
    assert thin(frame, "y") is frame


def test_five_years_of_hours_are_less_than_300_kilobytes() -> None:
    frame = long_line()
    said = frame.rename(columns={"y": "mean"})
    future = future_frame(issued(frame["ds"].iloc[-1].to_pydatetime(), [500.0] * 168))
    lines = Lines(frame, future, said)
    text = plotly.io.to_json(forecast_chart(lines, chart_words(open_reader("en"), None, frequency="h")))
    assert len(text) < 300_000
