"""The results of the benchmarks: their form, and that the page shows all of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from benchmarks.__main__ import PAGE, RESULTS, merged, sections
from benchmarks.measurement import measurement, read_results, table, write_results
from benchmarks.performance_page import CELL, render, row, shown

KEYS = {"name", "value", "unit", "bound", "better", "holds", "machine", "date"}


def test_every_result_has_the_documented_form():
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))
    assert len({one["name"] for one in rows}) == len(rows)
    for one in rows:
        assert set(one) == KEYS, one["name"]
        assert one["better"] in ("lower", "higher")
        assert isinstance(one["value"], int | float)
        assert (one["bound"] is None) == (one["holds"] is None)
        assert all(isinstance(one[key], str) and one[key] for key in ("unit", "machine", "date"))


def test_every_script_has_results_with_a_bound():
    results = read_results(RESULTS)
    for section in sections():
        assert any(one.bound is not None for one in section.of(results)), section.title
    assert sum(len(section.of(results)) for section in sections()) == len(results)


def test_the_page_is_made_from_the_results():
    assert PAGE.read_text(encoding="utf-8") == render(sections(), read_results(RESULTS))
    text = PAGE.read_text(encoding="utf-8")
    for one in read_results(RESULTS):
        assert row(one) in text if CELL not in one.name else shown(one) in text


@pytest.mark.parametrize(
    ("value", "better", "holds"),
    [(1.3, "lower", True), (1.3001, "lower", False), (1.3, "higher", True), (1.2999, "higher", False)],
)
def test_a_figure_is_judged_before_it_is_rounded(value, better, holds):
    judged = measurement("Part: figure", value, "x", better=better, bound=1.3)
    assert judged.holds is holds
    assert ("DOES NOT HOLD" in judged.verdict) is not holds


def test_results_come_back_as_they_were_written(tmp_path):
    lines = [measurement("Part: a", 0.123456, "s"), measurement("Part: b", 2.0, "x", bound=1.0)]
    write_results(tmp_path / "results.json", lines)
    assert read_results(tmp_path / "results.json") == lines
    assert read_results(tmp_path / "none.json") == []
    assert "0.1235" in table(lines)


def test_a_script_that_ran_alone_replaces_only_its_own_results():
    first, second, *_ = sections()
    before = [measurement(f"{one.title}: old", 1.0, "s") for one in (first, second)]
    now = [measurement(f"{first.title}: new", 2.0, "s")]
    assert merged(before, now) == [now[0], before[1]]
    assert merged([], [replace(now[0], name="Unknown: x")]) == []
