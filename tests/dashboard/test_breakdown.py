"""Who is furthest off, and off what: the figures, the words in both languages, the small charts."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from backend.panel import Panel
from dashboard.breakdown import (
    CHARTS,
    Breakdown,
    alternative,
    break_down,
    largest,
    level_label,
    node_label,
    plan_by_node,
    summary,
    takeaway,
)
from dashboard.breakdown_chart import COLUMNS, Small, small_charts
from dashboard.chart_words import chart_words
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.breakdown_examples import PARTS, STEPS, futures_of, panel_of, plan_for


def found_in(panel: Panel, **daily: float) -> Breakdown:
    return break_down(panel, futures_of(panel, **daily), PARTS)


def test_against_a_year_ago_over_the_next_28_days() -> None:
    panel = panel_of()
    found = found_in(panel, South_Rice=50.0)
    assert found.basis == "year"
    furthest = found.furthest
    assert furthest is not None
    assert (furthest.node, furthest) == ("South/Rice", found.parts[0])
    assert (furthest.steps, furthest.expected) == (28, 28 * 50.0)
    began = STEPS - 364
    assert furthest.against == pytest.approx(panel.values[3, began : began + 28].sum())
    assert furthest.difference == furthest.expected - furthest.against
    assert furthest.share == pytest.approx(furthest.expected / furthest.against - 1)


def test_against_just_before_where_there_is_no_year() -> None:
    panel = panel_of(steps=100)
    found = found_in(panel, North_Tea=0.0)
    assert found.basis == "before"
    assert (found.parts[0].node, found.parts[0].share) == ("North/Tea", -1.0)
    assert [part.against for part in found.parts if part.node == "South/Tea"] == [28 * 30.0]


def test_the_plan_comes_first_and_only_where_it_has_every_day() -> None:
    panel = panel_of()
    plan = {
        "North/Tea": plan_for(panel, 20.0),
        "North/Rice": plan_for(panel, 10.0, days=27),
        "South/Tea": plan_for(panel, 31.0, days=60),
    }
    found = break_down(panel, futures_of(panel), PARTS, plan)
    assert found.basis == "plan"
    by_node = {part.node: part for part in found.parts}
    assert by_node["North/Tea"].against == 28 * 20.0
    assert by_node["South/Tea"].against == 28 * 31.0
    assert by_node["North/Rice"].against is None
    assert by_node["South/Rice"].difference is None
    # The differences come first, the largest of them first; then those without, the largest forecast first.
    assert [part.node for part in found.parts] == ["North/Tea", "South/Tea", "South/Rice", "North/Rice"]


def test_a_plan_for_other_days_is_no_plan() -> None:
    panel = panel_of()
    late = plan_for(panel, 20.0).assign(ds=lambda frame: frame["ds"] + timedelta(days=60))
    assert break_down(panel, futures_of(panel), PARTS, {"North/Tea": late}).basis == "year"


def test_a_plan_of_the_parts_is_one_of_their_sums() -> None:
    panel = panel_of()
    parts = {"Tea/North": plan_for(panel, 20.0), "Rice/North": plan_for(panel, 5.0, days=30)}
    found = plan_by_node(panel, parts | {"South/Tea": plan_for(panel, 1.0), "": plan_for(panel, 90.0)})
    assert set(found) == {"North/Tea", "North/Rice", "South/Tea", "North", "Tea", "total"}
    assert (len(found["North"]), set(found["North"]["y"])) == (28, {25.0})
    assert set(found["Tea"]["y"]) == {21.0}
    assert set(found["total"]["y"]) == {90.0}
    assert plan_by_node(panel, {"West/Tea": plan_for(panel, 1.0)}) == {}
    nodes = break_down(panel, futures_of(panel), ("North", "South"), found).parts
    assert {part.node: part.against for part in nodes} == {"North": 28 * 25.0, "South": None}


def test_a_part_that_had_not_begun_a_year_ago_is_held_against_nothing() -> None:
    panel = panel_of(begins=(0, 0, STEPS - 364 + 3, STEPS - 100))
    against = {part.node: part.against for part in found_in(panel).parts}
    assert against["South/Rice"] is None
    assert against["South/Tea"] == pytest.approx(panel.values[2, STEPS - 364 : STEPS - 336].sum())


def test_a_node_without_a_forecast_is_left_out() -> None:
    panel = panel_of()
    futures = futures_of(panel)
    del futures["North/Tea"]
    assert {part.node for part in break_down(panel, futures, PARTS).parts} == set(PARTS) - {"North/Tea"}
    nothing = break_down(panel, {}, PARTS)
    assert (nothing.parts, nothing.furthest) == ((), None)


def test_the_largest_are_drawn_and_in_the_order_of_the_table() -> None:
    panel = panel_of(tuple(f"shop {number}" for number in range(60)))
    found = break_down(panel, futures_of(panel), panel.nodes)
    kept = largest(found.parts)
    assert len(kept) == CHARTS
    assert {part.node for part in kept} == {f"shop {number}" for number in range(60 - CHARTS, 60)}
    order = [part.node for part in found.parts]
    assert [order.index(part.node) for part in kept] == sorted(order.index(part.node) for part in kept)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_names_who_is_furthest_off_and_by_how_much(language: Language) -> None:
    reader, panel = open_reader(language), panel_of()
    year = summary(reader, panel, found_in(panel, South_Rice=50.0))
    for word in ("South · Rice", "28", "+25"):
        assert word in year
    below = break_down(panel, futures_of(panel), PARTS, {"North/Tea": plan_for(panel, 20.0)})
    assert "224" in summary(reader, panel, below)  # 28 days of 12 against 20
    assert reader.t("breakdown.plan").lower() in summary(reader, panel, below).lower()
    nothing = break_down(panel, futures_of(panel), PARTS, {"North/Tea": plan_for(panel, 0.0)})
    assert nothing.furthest is not None
    assert nothing.furthest.share is None
    assert "336" in summary(reader, panel, nothing)
    assert "%" not in summary(reader, panel, nothing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_and_takeaways_are_in_the_readers_words(language: Language) -> None:
    reader, panel = open_reader(language), panel_of()
    assert node_label(reader, "North/Tea") == "North · Tea"
    assert node_label(reader, "total") == reader.t("breakdown.total")
    assert [level_label(reader, level) for level in panel.levels][1:] == ["Region", "Line", "Region × Line"]
    found = found_in(panel, South_Rice=50.0)
    told = takeaway(reader, found.parts[0], found.basis, "USD")
    assert told.startswith("$1,400")
    assert "+25" in told
    alt = alternative(reader, panel, found, found.parts[:2])
    assert summary(reader, panel, found) in alt
    assert node_label(reader, found.parts[1].node) in alt


def small(name: str, *, limits: bool = True, plan: bool = False, count: int = 28) -> Small:
    steps = pd.date_range("2023-01-01", periods=2 * count, freq="D")
    ahead = pd.date_range(steps[-1] + timedelta(days=1), periods=count, freq="D")
    future = pd.DataFrame({"ds": ahead, "mean": 9.0, "lower_80": 7.0, "upper_80": 11.0 if limits else np.nan})
    plans = pd.DataFrame({"ds": ahead, "y": 10.0}) if plan else None
    return Small(name, "$1, +2 %", pd.DataFrame({"ds": steps, "y": 8.0}), future, plans)


def test_every_chart_has_axes_of_its_own_over_the_same_days() -> None:
    words = chart_words(open_reader("en"), "USD", size=10.0)
    figure = small_charts([small(f"part {number}", plan=number == 2) for number in range(5)], words, "Plan")
    layout = figure.to_dict()["layout"]
    assert len([name for name in layout if name.startswith("xaxis")]) == 5
    assert all(layout[f"xaxis{number}"]["matches"] == "x" for number in range(2, 6))
    domains = [layout["yaxis" + (str(number) if number > 1 else "")]["domain"] for number in range(1, 6)]
    for above, below in zip(domains, domains[COLUMNS:], strict=False):
        assert 0 <= below[0] < below[1] < above[0] < above[1] <= 1
    assert [note["text"].split("<br>")[0] for note in layout["annotations"]] == [
        f"<b>part {number}</b>" for number in range(5)
    ]
    shown = [
        layout["xaxis" + (str(number) if number > 1 else "")]["showticklabels"] for number in range(1, 6)
    ]
    assert shown == [False, False, False, True, True]  # the last of each column
    assert [trace["name"] for trace in figure.to_dict()["data"] if trace.get("name") == "Plan"] == ["Plan"]
    assert layout["yaxis"]["range"][0] == 0


def test_a_chart_without_limits_has_no_band_and_a_name_cannot_bring_tags() -> None:
    words = chart_words(open_reader("en"), None, size=10.0)
    banded = small_charts([small("a")], words, "Plan").to_dict()
    plain = small_charts([small("<i>a</i> & b", limits=False)], words, "Plan").to_dict()
    assert len(banded["data"]) == len(plain["data"]) + 2
    assert plain["layout"]["annotations"][0]["text"].startswith("<b>&lt;i&gt;a&lt;/i&gt; &amp; b</b>")
    with pytest.raises(ValueError, match="nothing to draw"):
        small_charts([], words, "Plan")


def test_eighteen_charts_weigh_little() -> None:
    words = chart_words(open_reader("en"), "USD", size=10.0)
    figure = small_charts([small(f"part {number}", plan=True) for number in range(CHARTS)], words, "Plan")
    assert len(figure.to_json()) < 120_000
