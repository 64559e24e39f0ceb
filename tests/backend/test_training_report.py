"""A training's report: read as it is written, refused by the names of its fields where it is not whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.errors import InvalidReport
from backend.training_report import is_report, parse_report, read_report
from tests.data.reports import document, report, row


def refused(changed: Any) -> InvalidReport:
    with pytest.raises(InvalidReport) as caught:
        parse_report(changed if isinstance(changed, str) else json.dumps(changed))
    return caught.value


def test_a_report_of_the_training_command_is_read() -> None:
    found = report()
    assert found.model_name == "adventureworks-arima"
    assert found.choice.how == "mean"
    assert found.settings.horizon == 28
    assert len(found.settings.origins) == 18
    chosen, champion = found.standing("champion"), found.standing("registered")
    assert chosen is not None
    assert champion is not None
    assert (chosen.crps or 0) < (champion.crps or 0)
    assert [group.name for group in chosen.groups or ()] == ["weekday", "weekend"]
    assert 0.7 < (chosen.coverage or {})[80] < 0.95
    assert [(step.first, step.last) for step in found.by_lead_time("champion")] == [
        (1, 7),
        (8, 14),
        (15, 21),
        (22, 28),
    ]
    assert tuple(found.by_origin("registered")) == found.settings.origins


def test_a_candidate_that_could_not_be_fitted_has_no_figures() -> None:
    changed = document()
    failed = row(changed, "naive")
    for figure in ("RMSE", "MAE", "MASE", "R2", "CRPS", "bias", "coverage", "groups"):
        failed[figure] = None
    failed["error"] = "too few rows"
    naive = next(row for row in report(changed).leaderboard if row.name == "naive")
    assert (naive.crps, naive.coverage, naive.error) == (None, None, "too few rows")


def test_missing_and_wrong_fields_are_named() -> None:
    changed = document()
    del changed["run_id"]
    changed["leaderboard"][2]["CRPS"] = "low"
    changed["settings"]["horizon"] = None
    error = refused(changed)
    assert error.code == "report.fields"
    for place in ("run_id", "leaderboard[2].CRPS", "settings.horizon"):
        assert place in error.message


def test_figures_must_be_finite() -> None:
    changed = document()
    changed["leaderboard"][0]["RMSE"] = float("nan")
    assert refused(changed).field == "leaderboard[0].RMSE"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d["leaderboard"].remove(row(d, "champion")), "leaderboard.champion"),
        (lambda d: row(d, "champion").update(CRPS=None), "leaderboard.champion"),
        (lambda d: row(d, "naive").update(role="registered"), "leaderboard.registered"),
        (lambda d: row(d, "naive").update(name="mean"), "leaderboard.name"),
        (lambda d: d["settings"].update(origins=[]), "settings.origins"),
    ],
    ids=["no champion", "champion without figures", "two registered", "a name twice", "no origins"],
)
def test_what_the_fields_alone_do_not_say(change: Any, place: str) -> None:
    changed = document()
    change(changed)
    assert refused(changed).field == place


def test_another_version_is_told_from_a_damaged_file() -> None:
    error = refused(document() | {"version": 2})
    assert (error.code, error.details["known"]) == ("report.version", 1)


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"format": "other"}'])
def test_what_is_no_report_of_ours_is_refused(text: str, tmp_path: Path) -> None:
    assert refused(text).code == "report.unreadable"
    path = tmp_path / "report.json"
    path.write_text(text)
    assert not is_report(path)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    assert not is_report(path)
    with pytest.raises(InvalidReport):
        read_report(path)
    path.write_text(json.dumps(document()))
    assert is_report(path)
    assert read_report(path) == report()
    path.write_bytes(b"\xff\xfe")
    assert not is_report(path)
    with pytest.raises(InvalidReport):
        read_report(path)
