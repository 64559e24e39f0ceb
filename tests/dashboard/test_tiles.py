"""The board's tiles: their figures, and the courses behind them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.outlook import outlook
from backend.track_record import record
from dashboard.i18n import LANGUAGES, open_reader
from dashboard.series import future_frame
from dashboard.tiles import tiles
from tests.dashboard.series_examples import daily, issued, view

ENGLISH = open_reader("en")
SERIES = daily([100.0] * 70, name="shop")
PAST = tuple(
    issued(SERIES.origin - timedelta(days=days), [100.0 + off] * 28, spread=15.0)
    for days, off in ((21, 30.0), (14, 10.0), (7, -20.0))
)
FUTURE = issued(SERIES.origin, [110.0] * 90)


def test_each_tile_has_its_figure_and_its_course() -> None:
    past = record(view(SERIES, FUTURE, PAST))
    outlooks = tuple(outlook(SERIES, FUTURE, steps, past.pairs) for steps in (7, 28))
    near, far, miss, bias, coverage = tiles(ENGLISH, SERIES, future_frame(FUTURE), outlooks, past)
    assert (near.value, far.value) == ("770", "3,080")
    assert ENGLISH.signed_percent(0.1) in near.remark
    assert near.course == pytest.approx([*[100.0] * 28, *[110.0] * 7])
    assert miss.course == pytest.approx((30, 10, 20))
    assert bias.course == pytest.approx((30, 10, -20))
    assert coverage.course == pytest.approx((0, 1, 0))
    assert miss.value == ENGLISH.amount(20, None)
    assert bias.value == "+" + ENGLISH.amount(20 / 3, None)
    assert coverage.value == ENGLISH.percent(1 / 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_course_is_told_in_words_from_its_first_to_its_newest(language: str) -> None:
    reader = open_reader(language)
    past = record(view(SERIES, FUTURE, PAST))
    outlooks = (outlook(SERIES, FUTURE, 7, past.pairs),)
    near, miss, bias, coverage = tiles(reader, SERIES, future_frame(FUTURE), outlooks, past)
    assert reader.signed_percent(0.1) in near.course_words
    for tile, first, last in (
        (miss, reader.amount(30, None), reader.amount(20, None)),
        (bias, "+" + reader.amount(30, None), reader.amount(-20, None)),
        (coverage, reader.percent(0), reader.percent(0)),
    ):
        assert tile.course_words == reader.t("kpi.course", count=3, first=first, last=last)


def test_what_cant_be_measured_says_so() -> None:
    past = record(view(SERIES, None))
    found = tiles(ENGLISH, SERIES, future_frame(None), (), past)
    assert [tile.value for tile in found] == [ENGLISH.t("kpi.unknown")] * 4
    assert not any(tile.course for tile in found)
    bare = tuple(issued(vintage.origin, [100.0] * 28, spread=None) for vintage in PAST)
    *_, coverage = tiles(ENGLISH, SERIES, future_frame(None), (), record(view(SERIES, None, bare)))
    assert coverage.remark == ENGLISH.t("kpi.no_interval")
