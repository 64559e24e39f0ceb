"""From bottom series to the nodes of their hierarchy: which there are, in what order, and how they add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scoring.errors import TrainingInputInvalid
from scoring.nodes import fingerprint, with_sums
from scoring.series import Panel, Series
from tests.scoring.kind_examples import START, days

FOUR = ("Australia/Bikes", "Australia/Helmets", "Canada/Bikes", "Canada/Helmets")


def panel_of(*names: str, count: int = 5) -> Panel:
    """Series of their own numbers: 1, 2, 3 ... times a power of ten."""
    series = tuple(
        Series(days(0, count), 10.0**row * np.arange(1, count + 1), "D", "file") for row in range(len(names))
    )
    return Panel(names, series, "D", "file")


def constant_panel(names: tuple[str, ...]) -> Panel:
    series = Series(days(0, 4), np.ones(4), "D", "")
    return Panel(names, (series,) * len(names), "D", "")


def test_two_columns_give_the_total_each_column_and_the_bottom_series_last() -> None:
    nodes, summing = with_sums(panel_of(*FOUR), padded=False)
    assert nodes.ids == ("total", "Australia", "Canada", "Bikes", "Helmets", *FOUR)
    np.testing.assert_array_equal(summing[0], [1, 1, 1, 1])
    np.testing.assert_array_equal(summing[1:5], [[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    np.testing.assert_array_equal(summing[5:], np.eye(4))
    values = {name: series.values[0] for name, series in zip(nodes.ids, nodes.series, strict=True)}
    assert [values[name] for name in nodes.ids[:5]] == [1111, 11, 1100, 101, 1010]
    assert {series.moments for series in nodes.series} == {days(0, 5)}
    assert (nodes.frequency, nodes.sha256) == ("D", "file")


def test_three_columns_give_every_combination_of_them() -> None:
    nodes, summing = with_sums(panel_of("a/x/1", "a/y/1", "b/x/2"), padded=False)
    singles, pairs = ("a", "b", "x", "y", "1", "2"), ("a/x", "a/y", "b/x", "a/1", "b/2", "x/1", "y/1", "x/2")
    assert nodes.ids == ("total", *singles, *pairs, "a/x/1", "a/y/1", "b/x/2")
    by_name = dict(zip(nodes.ids, summing, strict=True))
    np.testing.assert_array_equal(by_name["x"], [1, 0, 1])
    np.testing.assert_array_equal(by_name["a/1"], [1, 1, 0])
    for name, series in zip(nodes.ids, nodes.series, strict=True):
        np.testing.assert_array_equal(series.values, by_name[name] @ [[1], [10], [100]] * np.arange(1, 6))


def test_where_there_is_no_row_yet_or_any_more_padding_puts_zeros() -> None:
    panel = panel_of(*FOUR)
    late = Series(days(3, 4), np.array([7.0, 8.0, 9.0, 10.0]), "D", "file")
    early = Series(days(-1, 3), np.array([5.0, 5.0, 5.0]), "D", "file")
    panel = replace(panel, series=(late, *panel.series[1:3], early))
    with pytest.raises(TrainingInputInvalid, match="hierarchy: Australia/Bikes has other dates"):
        with_sums(panel, padded=False)
    nodes, _ = with_sums(panel, padded=True)
    rows = {name: series.values.tolist() for name, series in zip(nodes.ids, nodes.series, strict=True)}
    assert rows["Australia/Bikes"] == [0, 0, 0, 0, 7, 8, 9, 10]
    assert rows["Canada/Helmets"] == [5, 5, 5, 0, 0, 0, 0, 0]
    assert rows["Australia"] == [0, 10, 20, 30, 47, 58, 9, 10]
    assert rows["total"] == [5, 115, 225, 330, 447, 558, 9, 10]
    assert {series.moments for series in nodes.series} == {days(-1, 8)}


def test_padding_counts_steps_of_the_frequency() -> None:
    months = tuple(START.replace(month=month) for month in (1, 2, 3))
    series = (
        Series(months, np.array([1.0, 2.0, 3.0]), "MS", ""),
        Series(months[2:], np.array([40.0]), "MS", ""),
    )
    nodes, _ = with_sums(Panel(("a/x", "b/x"), series, "MS", ""), padded=True)
    assert nodes.series[0].moments == months
    assert nodes.series[0].values.tolist() == [1, 2, 43]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("plain", "names"), "every id must have the same parts, / between them"),
        (("a/b", "a/b/c"), "the same parts"),
        (("a/", "b/x"), "the same parts"),
        (("/x", "b/x"), "the same parts"),
        (("a/x", "x/b"), "two of its nodes have the same name"),
        (("total/x", "b/x"), "two of its nodes have the same name"),
        (tuple(f"{row}/p{row}" for row in range(80)), "it has 241 nodes, at most 200 are served"),
    ],
)
def test_ids_that_make_no_hierarchy_are_refused(names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(TrainingInputInvalid, match=f"hierarchy: .*{problem}"):
        with_sums(constant_panel(names), padded=False)


def test_the_fingerprint_stands_for_names_dates_and_values() -> None:
    panel = panel_of(*FOUR)
    first, *others = panel.series
    moved = replace(first, moments=tuple(moment + timedelta(days=1) for moment in first.moments))
    other = replace(first, values=first.values + 1)
    variants = [
        panel,
        replace(panel, ids=("Austria/Bikes", *FOUR[1:])),
        replace(panel, series=(moved, *others)),
        replace(panel, series=(other, *others)),
    ]
    assert len({fingerprint(one) for one in variants}) == 4
    assert fingerprint(replace(panel, sha256="another file")) == fingerprint(panel)
