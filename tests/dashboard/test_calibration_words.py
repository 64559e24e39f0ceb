"""How right we were reads as a person would say it, in both languages and at every frequency."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.accuracy import measure, pairs
from backend.calibration import LEAD_SPANS, Bias, Held, LeadTime, Miss
from backend.forecast_components import components
from backend.forecast_types import ForecastPoint
from backend.series_calendar import SEASON, Frequency
from backend.signals import find_signals
from dashboard.calibration_words import (
    band_sentence,
    bias_sentence,
    calibration_sentences,
    components_sentence,
    lead_label,
    lead_time_table,
    miss_sentences,
    miss_text,
    position_name,
)
from dashboard.i18n import Reader, open_reader
from dashboard.signal_words import signal_sentence
from tests.backend.forecast_examples import bundled, past_forecasts, season_regression, vintage
from tests.dashboard.series_examples import daily, issued

ENGLISH, JAPANESE = open_reader("en"), open_reader("ja")
READERS = pytest.mark.parametrize("reader", [ENGLISH, JAPANESE], ids=["en", "ja"])
SERIES = bundled()
PAIRS = pairs(SERIES.frame, past_forecasts(season_regression(SERIES), SERIES))


def test_a_band_is_told_with_its_groups_and_what_that_says_of_it() -> None:
    held = [
        Held(80, "all", 182, 142, "held"),
        Held(80, "weekday", 130, 96, "held"),
        Held(80, "weekend", 52, 46, None),
    ]
    said = band_sentence(ENGLISH, "D", held)
    assert said.text == (
        "Our 80\u00a0% range held 78\u00a0% of 182 days: weekdays 74\u00a0%, weekends 88\u00a0%. "
        "That is what it promises."
    )
    assert said.tone == "good"
    assert band_sentence(JAPANESE, "D", held).text == (
        "80%区間に入った実績は182日の78%でした（平日で74%、週末で88%）。示したとおりの幅です。"
    )


def test_a_group_that_is_off_is_named_even_where_the_whole_looks_right() -> None:
    held = [
        Held(80, "all", 182, 146, "held"),
        Held(80, "weekday", 130, 94, "narrow"),
        Held(80, "weekend", 52, 52, "wide"),
    ]
    said = band_sentence(ENGLISH, "D", held)
    assert said.text.endswith("Look closer: too narrow for weekdays, wider than it need be for weekends.")
    assert said.tone == "bad"


def test_few_days_say_so() -> None:
    said = band_sentence(ENGLISH, "W", [Held(95, "all", 6, 6, None)])
    assert said.text == (
        "Our 95\u00a0% range held 100\u00a0% of 6 weeks. These are too few to say whether the range is right."
    )
    assert said.tone == "calm"


@READERS
def test_real_forecasts_have_two_bands_and_a_lean(reader: Reader) -> None:
    said = calibration_sentences(reader, SERIES, PAIRS)
    assert len(said) == 3
    assert reader.percent(0.8) in said[0].text
    assert reader.percent(0.95) in said[1].text
    assert "28" in said[2].text
    assert len(miss_sentences(reader, SERIES, PAIRS)) == 5


@READERS
def test_nothing_judged_is_nothing_said(reader: Reader) -> None:
    nothing = pairs(SERIES.frame, [])
    assert calibration_sentences(reader, SERIES, nothing) == ()
    assert miss_sentences(reader, SERIES, nothing) == ()
    assert lead_time_table(reader, SERIES, nothing).empty


def test_a_model_without_ranges_says_so() -> None:
    table = pairs(SERIES.frame, [issued(datetime(2014, 5, 4), [650.0] * 7, None)])
    said = calibration_sentences(ENGLISH, SERIES, table)
    assert said[0].text == "The model gives no range, so there is none that could hold."
    assert len(said) == 2


def test_a_miss_is_told_by_its_day() -> None:
    miss = Miss(datetime(2014, 5, 24), datetime(2014, 5, 18), 240.4, 1386.0)
    assert miss_text(ENGLISH, SERIES, miss) == (
        "Saturday, 24 May 2014: $1,386 came, $1,146 more than the $240 we had said."
    )
    assert miss_text(JAPANESE, SERIES, miss) == (
        "2014年5月24日（土曜）：実績は$1,386で、予測の$240を$1,146上回りました。"
    )


def test_bias_is_a_mean_and_for_what_adds_up_a_sum_too() -> None:
    lean = Bias(200, -5.0, 28, -34.0, -952.0, 680.0)
    assert bias_sentence(ENGLISH, SERIES, lean).text == (
        "Over the last 28 days the forecasts were $34 too low on average, 5\u00a0% of what came."
    )
    sales = daily([1.0] * 30, name="shop")
    assert "952" in bias_sentence(ENGLISH, sales, lean).text  # its column is Sales_EUR
    even = bias_sentence(ENGLISH, SERIES, Bias(200, 0.0, 28, 1.0, 28.0, 680.0))
    assert even.tone == "good"


def test_the_table_says_that_the_next_day_was_a_monday() -> None:
    table = lead_time_table(ENGLISH, SERIES, PAIRS)
    assert table["Ahead"].tolist() == [
        "Next day, Monday only",
        "First week (days 1–7)",
        "Fourth week (days 22–28)",
    ]
    near = measure(PAIRS[PAIRS["lead"] <= 7], None)
    assert near is not None
    assert table["Miss"][1] == ENGLISH.money(near.mae)


@READERS
@pytest.mark.parametrize("frequency", list(SEASON))
def test_every_frequency_has_its_words(frequency: Frequency, reader: Reader) -> None:
    accuracy = measure(PAIRS, None)
    assert accuracy is not None
    series = daily([1.0] * 30, frequency=frequency)
    labels = {
        lead_label(reader, frequency, LeadTime(first, last, accuracy, None))
        for first, last in LEAD_SPANS[frequency]
    }
    assert len(labels) == 3
    assert band_sentence(reader, frequency, [Held(80, "all", 30, 25, "held")]).text
    assert bias_sentence(reader, series, Bias(30, 1.0, 30, 1.0, 30.0, 1.0)).text
    if SEASON[frequency] > 1:
        assert position_name(reader, frequency, 1)


@READERS
@pytest.mark.parametrize("group", ["steady", "between", "changing"])
def test_groups_of_hours_have_names(group: str, reader: Reader) -> None:
    held = [Held(80, "all", 300, 240, "held"), Held(80, group, 100, 60, "narrow")]  # type: ignore[arg-type]
    assert reader.t(f"calibration.group.{group}") in band_sentence(reader, "h", held).text


@READERS
def test_the_parts_of_a_forecast(reader: Reader) -> None:
    forecast = past_forecasts(season_regression(SERIES), SERIES)[-1]
    parts = components(forecast, SERIES)
    assert parts is not None
    text = components_sentence(reader, SERIES, parts)
    assert reader.t("weekday.6") in text  # Sunday is the lowest
    assert reader.money(parts.level) in text
    zero = components(forecast, daily([0.0] * 30))
    assert zero is not None
    assert components_sentence(reader, SERIES, zero)


def test_pairs_are_what_the_sentences_are_about() -> None:
    """Leaving a range of days out changes the counts told."""
    kept = PAIRS[PAIRS["ds"] < pd.Timestamp(2014, 5, 1)]
    whole, less = (calibration_sentences(ENGLISH, SERIES, table)[0].text for table in (PAIRS, kept))
    assert "286 days" in whole
    assert "255 days" in less


@settings(deadline=None, max_examples=40)
@given(
    frequency=st.sampled_from(list(SEASON)),
    values=st.lists(st.floats(-1e9, 1e9) | st.just(0.0), min_size=1, max_size=60),
    origins=st.lists(st.integers(0, 59), max_size=6, unique=True),
    spread=st.none() | st.floats(0, 1e6),
)
def test_whatever_the_series_something_is_said_of_it(
    frequency: Frequency, values: list[float], origins: list[int], spread: float | None
) -> None:
    """One point, all zeros, losses, forecasts without limits: never an error."""
    series = daily(values, frequency=frequency)
    steps = pd.date_range(series.frame["ds"].iloc[0], periods=120, freq=series.calendar).to_pydatetime()
    vintages = [
        vintage(
            steps[origin],
            tuple(
                ForecastPoint(
                    step,
                    value,
                    {} if spread is None else {80: value - spread, 95: value - 2 * spread},
                    {} if spread is None else {80: value + spread, 95: value + 2 * spread},
                )
                for step, value in zip(steps[origin + 1 : origin + 31], reversed(values), strict=False)
            ),
        )
        for origin in origins
    ]
    table = pairs(series.frame, vintages)
    signals = find_signals(series, table, vintages=vintages)
    for reader in (ENGLISH, JAPANESE):
        said = [signal_sentence(reader, series, signal) for signal in signals]
        said += [*calibration_sentences(reader, series, table), *miss_sentences(reader, series, table)]
        assert all(sentence.text and "nan" not in sentence.text.split() for sentence in said)
        assert len(lead_time_table(reader, series, table)) <= 3
        for one in vintages:
            parts = components(one, series)
            assert parts is None or components_sentence(reader, series, parts)
