"""Another endpoint's forecasts, or those of about a month ago, beside the ones shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend.comparison import ahead, closer, since_then, then
from backend.horizons import FAR_STEPS
from dashboard.chart_words import chart_words
from dashboard.comparison_chart import ComparedLines, comparison_chart
from dashboard.comparison_words import (
    ahead_sentence,
    closer_sentence,
    since_then_sentence,
    then_sentence,
)
from dashboard.components.feedback import plain
from dashboard.components.figures import draw
from dashboard.headline import unit_of
from dashboard.series import RANGES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backend.actuals import Actuals
    from backend.forecast_types import Vintage
    from backend.forecasts import ForecastView
    from dashboard.board import Sentence
    from dashboard.i18n import Reader

THEN = ""  # no endpoint has this name


def show_comparison(
    reader: Reader,
    series: Actuals,
    first: ForecastView,
    others: Sequence[str],
    load: Callable[[str], ForecastView],
) -> None:
    """Choose what to compare with, and see who was closer, what both expect, and both on one chart.

    `load` gives another endpoint's view of the same actuals; it is called for the chosen one alone.
    """
    st.subheader(reader.t("comparison.title"), anchor=False, help=reader.t("comparison.help"))
    earlier = then(first.past, first.future, series.frequency) if first.future else None
    options = [*([THEN] if earlier else []), *others]
    if first.future is None or not options:
        ended = first.future is None and (first.past or options)
        st.caption(reader.t("comparison.ended" if ended else "comparison.nothing"))
        return
    if st.session_state.get("comparison_with") not in options:
        st.session_state["comparison_with"] = options[0]
    chosen = st.selectbox(
        reader.t("comparison.with"),
        options,
        format_func=lambda name: name or reader.t("comparison.month_ago"),
        key="comparison_with",
        persist_state="session",
    )
    if chosen == THEN and earlier is not None:
        _with_then(reader, series, first.future, earlier)
        return
    with st.spinner(reader.t("forecast.asking", name=chosen)):
        other = load(chosen)
    _with_endpoint(reader, series, first, first.future, other, chosen)


def _with_endpoint(
    reader: Reader, series: Actuals, first: ForecastView, future: Vintage, other: ForecastView, name: str
) -> None:
    own = future.endpoint
    if other.problem is not None:
        st.caption(plain(reader.t("comparison.problem", name=name, reason=reader.error(other.problem))))
    if other.future is None:
        st.caption(plain(reader.t("comparison.no_forecast", name=name)))
        return
    sentences: list[Sentence] = []
    judged = closer(series.frame, first.past, other.past)
    if judged is not None:
        sentences.append(closer_sentence(reader, series, judged, own, name))
    both = ahead(future, other.future, FAR_STEPS[series.frequency])
    if both is not None:
        sentences.append(ahead_sentence(reader, series, both, own, name))
    if not sentences:
        st.caption(plain(reader.t("comparison.no_shared", name=name)))
        return
    lines = _lines(series, _told(first.past, future), _told(other.past, other.future), own, name)
    _show(reader, series, sentences, lines)


def _with_then(reader: Reader, series: Actuals, future: Vintage, earlier: Vintage) -> None:
    sentences: list[Sentence] = []
    both = ahead(future, earlier, FAR_STEPS[series.frequency])
    if both is not None:
        sentences.append(then_sentence(reader, series, both, earlier))
    come = since_then(series.frame, earlier)
    if come is not None:
        sentences.append(since_then_sentence(reader, series, earlier, *come))
    now, before = reader.t("comparison.now"), reader.t("comparison.month_ago")
    lines = _lines(series, _frame([future]), _frame([earlier]), now, before, earlier=True)
    _show(reader, series, sentences, lines)


def _show(reader: Reader, series: Actuals, sentences: Sequence[Sentence], lines: ComparedLines) -> None:
    for sentence in sentences:
        st.markdown(plain(sentence.text))
    size = float(series.frame["y"].abs().mean())
    words = chart_words(reader, unit_of(series), size=size, frequency=series.frequency)
    alt = " ".join(sentence.text for sentence in sentences)
    draw(comparison_chart(lines, words), key="comparison_chart", alt=alt)


def _lines(
    series: Actuals,
    first: pd.DataFrame,
    second: pd.DataFrame,
    first_name: str,
    second_name: str,
    *,
    earlier: bool = False,
) -> ComparedLines:
    """The recent actuals and both forecasts over the same steps, up to the middle horizon."""
    actuals = series.frame.iloc[-RANGES[series.frequency][0] :]
    begin = actuals["ds"].iloc[0]
    ahead_of = pd.date_range(series.origin, periods=FAR_STEPS[series.frequency] + 1, freq=series.calendar)
    end = ahead_of[-1]
    first, second = (frame[(frame["ds"] >= begin) & (frame["ds"] <= end)] for frame in (first, second))
    return ComparedLines(actuals, first, second, first_name, second_name, series.origin, earlier)


def _told(past: Sequence[Vintage], future: Vintage) -> pd.DataFrame:
    """What was forecast for each step, by the newest forecast of it, and what is forecast now."""
    return _frame([*past, future])


def _frame(vintages: Sequence[Vintage]) -> pd.DataFrame:
    """ds and mean of each step, by the forecast from the latest origin, ascending."""
    newest = {
        point.ds: point.mean
        for vintage in sorted(vintages, key=lambda one: one.origin)
        for point in vintage.points
    }
    frame = pd.DataFrame(sorted(newest.items()), columns=["ds", "mean"])
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame
