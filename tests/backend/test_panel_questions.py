"""What is asked about a panel: every request keeps to the contract, together they ask for all of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from backend.actuals import BUNDLED_SALES
from backend.forecasts import PAST_ORIGINS
from backend.horizons import LONGEST
from backend.panel import Panel
from backend.panel_questions import in_parts, question_text, questions
from backend.panel_table import read_file
from scoring.contract import MAX_ANSWER_VALUES, MAX_BODY_BYTES, ForecastRequest, parse_request


def panel_of(parts: tuple[str, ...], steps: int, begins: tuple[int, ...] | None = None) -> Panel:
    """A daily panel of random sales; each part's own begin, or all from the first day."""
    begins = begins or (0,) * len(parts)
    values = np.random.default_rng(0).gamma(2.0, 1000.0, (len(parts), steps))
    for row, begin in zip(values, begins, strict=True):
        row[:begin] = 0.0
    grid = pd.date_range("2020-01-01", periods=steps, freq="D")
    names = ("shop", "line")[: parts[0].count("/") + 1]
    return Panel("p", parts, grid, values, begins, names, "D", "D", "ds", "y", ("ds", "y"), values.size)


def requests_of(panel: Panel) -> Iterator[tuple[ForecastRequest, str]]:
    """Every request of a refresh that knows nothing yet, as the endpoint reads it."""
    for question in questions(panel):
        for part in in_parts(question, LONGEST[panel.frequency]):
            text = question_text(panel, part)
            assert text is not None
            request = parse_request(text)
            assert isinstance(request, ForecastRequest)
            yield request, text


def test_the_bundled_sales_take_three_requests() -> None:
    panel = read_file(BUNDLED_SALES, "adventureworks_sales_daily")
    assert isinstance(panel, Panel)
    asked = list(requests_of(panel))
    assert [len(request.origins) for request, _ in asked] == [23, 23, 4]
    assert asked[0][0].origins[-1] == panel.origin  # what comes next is known first
    for request, text in asked:
        request.refuse_large(len(panel.nodes))
        assert len(text) < 500_000
        assert dict(request.histories).keys() == set(panel.parts)
        # The last part was first sold on 2018-07-04.
        assert {str(history.moments[0].date()) for _, history in request.histories} == {"2018-07-04"}
    # Two weeks later is the first origin, of the Sundays from then on all but the last, which is the end.
    assert f"{asked[-1][0].origins[0]:%Y-%m-%d}" == "2018-07-22"


@pytest.mark.parametrize(
    ("panel", "past"),
    [
        (panel_of(tuple(f"s{shop}/l{line}" for shop in range(12) for line in range(9)), 500), PAST_ORIGINS),
        (panel_of(tuple(f"shop {number}" for number in range(1_000)), 100), 2),
        (panel_of(tuple(f"shop {number}" for number in range(3)), 6_000), PAST_ORIGINS),
    ],
    ids=["nodes that add up", "a thousand parts", "sixteen years"],
)
def test_large_panels_are_asked_about_in_parts(panel: Panel, past: int) -> None:
    times: Counter[tuple[str, str]] = Counter()
    for request, text in requests_of(panel):
        assert len(text) <= MAX_BODY_BYTES
        names = panel.nodes if request.all_series else request.series
        request.refuse_large(len(names))
        assert len(names) * len(request.origins) * 90 * 5 <= MAX_ANSWER_VALUES
        times.update((name, str(origin)) for name in names for origin in request.origins)
    assert set(times.values()) == {1}
    assert {name for name, _ in times} == set(panel.nodes)
    asked = min(past, 1_500_000 // (len(panel.nodes) * 450) - 1)
    assert len({origin for _, origin in times}) == asked + 1


def test_past_origins_are_where_every_part_had_begun() -> None:
    parts = ("N/a", "N/b", "S/a", "S/b")
    [old] = questions(panel_of(parts, 200, (0, 0, 100, 0)))
    assert old.first == 100
    assert min(old.origins) >= pd.Timestamp("2020-01-01") + pd.Timedelta(days=113)
    # A part that is three weeks old doesn't take everybody's past away.
    [young] = questions(panel_of(parts, 200, (0, 0, 179, 0)))
    assert young.first == 0
    assert len(young.origins) == 27


def test_independent_parts_have_their_own_beginnings() -> None:
    panel = panel_of(("a", "b", "c"), 100, (0, 60, 99))
    by_origins = {len(request.origins): request for request, _ in requests_of(panel)}
    end, past = by_origins[1], by_origins[max(by_origins)]
    assert end.series == ("a", "b", "c")
    assert [len(history.values) for _, history in end.histories] == [100, 40, 1]
    assert past.series == ("a",)
    assert panel.origin not in past.origins


def test_nothing_is_asked_when_no_origin_fits() -> None:
    panel = panel_of(tuple(f"shop {number}" for number in range(600)), 400)
    [end, *_] = questions(panel)
    early = type(end)(end.nodes, (panel.steps[20].to_pydatetime(),))
    assert question_text(panel, early) is None
