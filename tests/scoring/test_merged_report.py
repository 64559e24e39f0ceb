"""One report of many series: each figure is what all their steps at once lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from scoring.competition import Competition, compete
from scoring.frequency import frequency_of
from scoring.measures import Judged, together
from scoring.merged_report import merged
from scoring.nodes import with_sums
from scoring.report import report_of
from scoring.series import read_panel
from tests.scoring.panel_examples import CANDIDATES, PLAN, quiet, write_sales

Row = dict[str, Any]
Mask = npt.NDArray[np.bool_]


@pytest.fixture(scope="module")
def competitions(tmp_path_factory: pytest.TempPathFactory) -> list[Competition]:
    """The nodes' competitions, each by itself."""
    sales = write_sales(tmp_path_factory.mktemp("sales"))
    panel = read_panel(sales, id_columns=("Country", "Category"), value_column="Revenue", gaps="zero")
    nodes, _ = with_sums(panel, padded=True)
    return [compete(series, name, PLAN, quiet) for name, series in zip(nodes.ids, nodes.series, strict=True)]


@pytest.fixture(scope="module")
def reports(competitions: list[Competition]) -> list[Row]:
    return [report_of(competition, PLAN, "", 0.0) for competition in competitions]


def plain_figures(parts: Sequence[tuple[Judged, float]]) -> dict[str, Any]:
    """The figures of all parts at once, from their steps; each part has the scale of its MASE."""
    whole = together([part for part, _ in parts])
    spread = sum(((part.actual - part.actual.mean()) ** 2).sum() for part, _ in parts)
    return {
        "count": whole.actual.size,
        "RMSE": np.sqrt(np.mean(whole.errors**2)),
        "MAE": np.mean(np.abs(whole.errors)),
        "CRPS": np.mean(whole.crps),
        "bias": np.mean(whole.errors),
        "MASE": np.mean([np.mean(np.abs(part.errors)) / scale for part, scale in parts]),
        "R2": 1 - (whole.errors**2).sum() / spread,
        "coverage": {"80": whole.inside[0].mean(), "95": whole.inside[1].mean()},
    }


def contender(
    competitions: Sequence[Competition], name: str, chosen: Callable[[Competition, int, Judged], Mask]
) -> list[tuple[Judged, float]]:
    """What a contender did in every series, of each origin only what `chosen` marks."""
    parts = []
    for competition in competitions:
        [standing] = [one for one in competition.standings if one.name == name]
        judged = [part.chosen(chosen(competition, o, part)) for o, part in standing.judged.items()]
        scale = competition.contest.scale
        assert scale is not None
        parts.append((together(judged), scale))
    return parts


def assert_figures(row: Row, parts: Sequence[tuple[Judged, float]], count: int) -> None:
    """Each of the `count` figures that the row has."""
    plain = plain_figures(parts)
    names = set(row) & set(plain)
    assert len(names) == count
    for name in names:
        assert row[name] == pytest.approx(plain[name], rel=1e-9), name


def rows_of(member: Sequence[Row], name: str) -> list[Row]:
    return [row for row in member if row["name"] == name]


@pytest.mark.parametrize("name", ["champion", *CANDIDATES.split(",")])
def test_the_leaderboard_pools_the_series_as_if_computed_at_once(
    competitions: list[Competition], reports: list[Row], name: str
) -> None:
    [row] = rows_of(merged(reports)["leaderboard"], name)
    parts = contender(competitions, name, lambda competition, origin, judged: judged.leads > 0)
    assert_figures(row, parts, 8)
    assert row["error"] is None
    assert [group["name"] for group in row["groups"]] == ["weekday", "weekend"]
    for number, group in enumerate(row["groups"]):

        def inside(competition: Competition, origin: int, judged: Judged, wanted: int = number) -> Mask:
            return competition.contest.groups.of(judged.places) == wanted

        assert_figures(group, contender(competitions, name, inside), 2)


@pytest.mark.parametrize("name", ["champion", "seasonal-naive"])
def test_lead_times_and_origins_are_pooled_each_by_themselves(
    competitions: list[Competition], reports: list[Row], name: str
) -> None:
    found = merged(reports)
    stretches = rows_of(found["lead_times"], name)
    assert [(row["from"], row["to"]) for row in stretches] == [(1, 7), (8, 14)]
    for row in stretches:

        def between(competition: Competition, origin: int, judged: Judged, row: Row = row) -> Mask:
            return (judged.leads >= row["from"]) & (judged.leads <= row["to"])

        assert_figures(row, contender(competitions, name, between), 5)
    origins = rows_of(found["origins"], name)
    assert [row["origin"] for row in origins] == reports[0]["settings"]["origins"]
    for row in origins:

        def from_it(competition: Competition, origin: int, judged: Judged, row: Row = row) -> Mask:
            moment = competition.contest.series.moments[origin - 1]
            return np.full(judged.leads.size, frequency_of("D").label(moment) == row["origin"])

        assert_figures(row, contender(competitions, name, from_it), 4)


def test_the_leaderboard_is_best_first(reports: list[Row]) -> None:
    crps = [row["CRPS"] for row in merged(reports)["leaderboard"]]
    assert len(crps) == 4
    assert crps == sorted(crps)


def without(report: Row, name: str) -> Row:
    """The report of a series that a candidate could not be fitted to."""
    figures = dict.fromkeys(("RMSE", "MAE", "MASE", "R2", "CRPS", "bias", "coverage"))
    unfit = {"count": 0, **figures, "groups": [], "error": "too few"}
    board = [row | unfit if row["name"] == name else row for row in report["leaderboard"]]
    rest = {
        member: [row for row in report[member] if row["name"] != name] for member in ("lead_times", "origins")
    }
    return report | rest | {"leaderboard": board}


def test_a_candidate_that_is_missing_somewhere_is_measured_where_it_is(reports: list[Row]) -> None:
    first, second = reports[:2]
    name = "seasonal-naive"
    found = merged([without(first, name), second])
    [row] = rows_of(found["leaderboard"], name)
    [alone] = rows_of(merged([second])["leaderboard"], name)
    assert row == alone | {"error": "too few"}
    assert rows_of(found["origins"], name) == rows_of(merged([second])["origins"], name)
    nowhere = merged([without(first, name), without(second, name)])["leaderboard"][-1]
    assert (nowhere["name"], nowhere["count"], nowhere["CRPS"], nowhere["coverage"]) == (name, 0, None, None)


def test_where_nothing_varies_there_is_no_r2(reports: list[Row]) -> None:
    flat = [row | {"R2": None} for row in reports[0]["leaderboard"]]
    [row] = rows_of(merged([reports[0] | {"leaderboard": flat}])["leaderboard"], "champion")
    assert row["R2"] is None
    assert row["RMSE"] > 0
