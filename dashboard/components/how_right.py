"""How right we were: errors by lead time, whether bands held, the worst misses; and the forecast's parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import forecast_reads
from dashboard.calibration_words import components_sentence, position_name
from dashboard.chart_words import chart_words
from dashboard.components.feedback import plain
from dashboard.components.figures import draw
from dashboard.components.sentences import show_sentences
from dashboard.components.tables import written_table
from dashboard.headline import unit_of
from dashboard.lead_time_chart import ErrorLine, lead_time_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    import plotly.graph_objects as go

    from backend.actuals import Actuals
    from backend.forecast_components import Components
    from backend.forecast_types import Vintage
    from dashboard.board import Sentence
    from dashboard.board_content import Standing
    from dashboard.i18n import Reader

MOST_POSITIONS = 24  # a year of weeks would be a line, not a profile


def show_how_right(reader: Reader, series: Actuals, standing: Standing, future: Vintage | None) -> None:
    """The table and sentences about past forecasts, and the level and profile of the newest one."""
    st.subheader(reader.t("accuracy.title"), anchor=False, help=reader.t("accuracy.help"))
    if standing.accuracy.empty:
        st.caption(reader.t("accuracy.none"))
    else:
        note = plain(reader.t("calibration.note"))
        st.markdown(f"{written_table(_by_figure(standing.accuracy))}\n\n:small[{note}]")
        left, right = st.columns(2, gap="medium")
        with left:
            show_sentences(reader.t("calibration.title"), standing.calibration)
        with right:
            _show_misses(reader, standing.misses)
    parts = standing.components
    if future is not None and parts is not None and len(parts.profile) <= MOST_POSITIONS:
        show_components(reader, series, future, parts)


def _by_figure(accuracy: pd.DataFrame) -> pd.DataFrame:
    """A row a figure and a column a lead time: a phone has no room for six columns."""
    lead = accuracy.columns[0]
    return accuracy.set_index(lead).T.rename_axis(index=lead, columns=None).reset_index()


def _show_misses(reader: Reader, misses: Sequence[Sentence]) -> None:
    lines = [f"- {plain(sentence.text)}" for sentence in misses] or [reader.t("calibration.no_misses")]
    st.markdown("\n".join([f"**{reader.t('calibration.misses')}**\n", *lines]))


def show_components(reader: Reader, series: Actuals, future: Vintage, parts: Components) -> None:
    """The season's profile as it is forecast and as it was, in the series' unit."""
    sentence = components_sentence(reader, series, parts)
    st.markdown(f"**{reader.t('calibration.components_title')}**\n\n{plain(sentence)}")
    panel = st.expander(
        reader.t("calibration.components_chart"),
        icon=":material/show_chart:",
        key="components_panel",
        on_change="rerun",
    )
    if not panel.open:
        return
    key = ("components", *future.identity, reader.language)
    with panel:
        draw(
            forecast_reads.kept(key, lambda: _profile(reader, series, parts)),
            key="components_chart",
            alt=sentence,
        )


def _profile(reader: Reader, series: Actuals, parts: Components) -> go.Figure:
    words = chart_words(
        reader,
        unit_of(series),
        size=abs(parts.actual_level),
        frequency=series.frequency,
    )
    seasons = reader.t(f"calibration.seasons.{series.frequency}", count=parts.seasons)
    said = tuple(parts.level + position.forecast for position in parts.profile)
    came = tuple(parts.actual_level + position.actual for position in parts.profile)
    figure = lead_time_chart(
        [position_name(reader, series.frequency, position.number) for position in parts.profile],
        [ErrorLine(words.forecast, "challenger", said), ErrorLine(seasons, "champion", came)],
        value_format=words.value_format,
    )
    if min(*said, *came) < 0:
        figure.update_yaxes(range=None)
    return figure
