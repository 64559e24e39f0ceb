"""The time machine: a slider over the past forecasts replays what we believed on that day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import forecast_reads
from dashboard.chart_words import chart_words
from dashboard.charts import forecast_chart
from dashboard.components.feedback import plain
from dashboard.components.figures import draw
from dashboard.headline import unit_of
from dashboard.moments import when
from dashboard.provenance import provenance_sentence
from dashboard.time_machine import replay, replay_sentence

if TYPE_CHECKING:
    from datetime import datetime

    import plotly.graph_objects as go

    from backend.forecasts import ForecastView
    from dashboard.i18n import Reader

ORIGIN = "time_machine_origin"
HEIGHT = 320  # pixels
LEAST = 2  # past forecasts to slide over


@st.fragment
def show_time_machine(reader: Reader, view: ForecastView) -> None:
    """Slider, sentence and chart; a calm sentence while there are fewer than two past forecasts."""
    series = view.actuals
    origins = [vintage.origin for vintage in view.past]
    if len(origins) < LEAST:
        st.caption(reader.t("time_machine.none"))
        return
    if st.session_state.get(ORIGIN) not in origins:
        st.session_state[ORIGIN] = origins[-1]
    origin = st.select_slider(
        reader.t("time_machine.slider"),
        origins,
        format_func=lambda moment: when(reader, moment, series.frequency),
        key=ORIGIN,
    )
    vintage = next(past for past in view.past if past.origin == origin)
    key = ("time machine", *vintage.identity, series.origin, reader.language)
    sentence, figure = forecast_reads.kept(key, lambda: _replayed(reader, view, origin))
    st.markdown(plain(sentence))
    draw(figure, key="time_machine_chart", alt=sentence)
    st.caption(plain(provenance_sentence(reader, vintage)))


def _replayed(reader: Reader, view: ForecastView, origin: datetime) -> tuple[str, go.Figure]:
    series = view.actuals
    shown = replay(view, origin)
    size = float(series.frame["y"].abs().mean())
    words = chart_words(reader, unit_of(series), size=size, frequency=series.frequency)
    return replay_sentence(reader, view, shown), forecast_chart(shown.lines, words, height=HEIGHT)
