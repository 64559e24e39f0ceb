"""`python -m scoring.train --candidates ...`: what it leaves, says on the way, repeats and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring.forecaster import Forecaster
from scoring.model_file import MODEL_FILE_NAME, read_model
from scoring.train import main
from tests.scoring.conftest import COURSE_DATA, ROOT, run_training

REGISTERED = ROOT / "tests" / "data" / "model_v1.npz"
OPTIONS = (
    *("--candidates", "seasonal-naive,season-regression-13"),
    *("--horizon", "14", "--origins", "5", "--champion", str(REGISTERED)),
)
FIGURES = ["RMSE", "MAE", "MASE", "R2", "CRPS", "bias"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A run in a process with two workers: its outputs, and the lines that it wrote."""
    folder = tmp_path_factory.mktemp("outputs")
    done = run_training(folder, *OPTIONS, "--processes", "2", "--progress", "json")
    assert done.returncode == 0, done.stderr
    return folder, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def report(trained: tuple[Path, list[dict[str, Any]]]) -> dict[str, Any]:
    return json.loads((trained[0] / "report.json").read_text(), parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def metric(trained: tuple[Path, list[dict[str, Any]]]) -> dict[str, Any]:
    return json.loads((trained[0] / "metric.json").read_text(), parse_constant=pytest.fail)


def row_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    [row] = [row for row in report["leaderboard"] if row["name"] == name]
    return row


def test_progress_is_told_line_by_line(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    lines = trained[1]
    assert all(list(line) == ["phase", "done", "total"] for line in lines)
    phases = list(dict.fromkeys(line["phase"] for line in lines))
    assert phases == ["read", "backtest", "fit", "write"]
    for phase in phases:
        steps = [(line["done"], line["total"]) for line in lines if line["phase"] == phase]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1] == max(total for _, total in steps)
    backtest = [line["done"] for line in lines if line["phase"] == "backtest"]
    assert backtest == list(range(1, backtest[-1] + 1))
    assert backtest[-1] % 2 == 0


def test_it_leaves_what_can_be_registered(trained: tuple[Path, list[dict[str, Any]]]) -> None:
    folder = trained[0]
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["metric.json", f"models/{MODEL_FILE_NAME}", "report.json"]
    model = read_model(folder / "models" / MODEL_FILE_NAME)
    [series] = model.series
    assert (series.label, series.intervals.lower) == ("season-regression-13", 0.0)
    [forecast] = Forecaster(model).forecast(14, [series.id])
    assert (forecast.origin, forecast.dates[0]) == ("2014-05-31", "2014-06-01")
    daily = pd.read_csv(COURSE_DATA, parse_dates=[0], index_col=0).iloc[-91:, 0]
    weekdays = daily.groupby(daily.index.day_of_week).mean()
    expected = [weekdays[day.day_of_week] for day in pd.DatetimeIndex(forecast.dates)]
    np.testing.assert_allclose(forecast.mean, expected, rtol=1e-9)


def test_the_metrics_begin_as_the_course_has_them(metric: dict[str, Any], report: dict[str, Any]) -> None:
    assert list(metric)[:9] == [
        *("run_id", "model_name", "RMSE", "R2", "MAE", "MASE", "CRPS", "coverage_80", "coverage_95"),
    ]
    assert (metric["model_name"], metric["champion"], metric["horizon"]) == (
        "adventureworks-daily",
        "season-regression-13",
        14,
    )
    assert (metric["origins"], metric["frequency"], metric["rows"], metric["seed"]) == (5, "D", 305, 0)
    assert (metric["train_start"], metric["train_end"]) == ("2013-07-31", "2014-05-31")
    assert metric["interval"] == report["champion"]["interval"]
    champion = row_of(report, "champion")
    for name in ("RMSE", "R2", "MAE", "MASE", "CRPS"):
        assert metric[name] == champion[name]
    assert metric["coverage_80"] == champion["coverage"]["80"]
    assert metric["data_sha256"] == report["data"]["sha256"]
    assert metric["run_id"] == report["run_id"]
    assert len(metric["run_id"]) == 32


def test_the_report_has_the_members_of_its_format(report: dict[str, Any]) -> None:
    assert (report["format"], report["version"], report["model_name"]) == (
        "yosoku-report",
        1,
        "adventureworks-daily",
    )
    assert {
        *("format", "version", "run_id", "model_name", "champion", "settings", "data", "quality"),
        *("leaderboard", "lead_times", "origins", "seconds"),
    } <= set(report)
    assert report["champion"] == {
        "name": "season-regression-13",
        "members": ["season-regression-13"],
        "how": "single",
        "interval": report["champion"]["interval"],
    }
    settings = report["settings"]
    assert (settings["horizon"], settings["step"], settings["season"], settings["levels"]) == (
        14,
        7,
        7,
        [80, 95],
    )
    assert settings["candidates"] == ["seasonal-naive", "season-regression-13"]
    assert settings["origins"] == ["2014-04-26", "2014-05-03", "2014-05-10", "2014-05-17", "2014-05-24"]
    assert {"sha256", "rows", "start", "end", "frequency", "series"} == set(report["data"])
    assert [finding["code"] for finding in report["quality"]]
    for finding in report["quality"]:
        assert {"code", "dates", "count", "details"} == set(finding)
    assert report["seconds"]["total"] > 0
    assert set(report["seconds"]["candidates"]) <= {"seasonal-naive", "season-regression-13"}


def test_the_leaderboard_has_every_contender_on_the_same_origins(report: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in report["leaderboard"]}
    assert {name: row["role"] for name, row in rows.items()} == {
        "champion": "champion",
        "registered": "registered",
        "seasonal-naive": "reference",
        "season-regression-13": "candidate",
    }
    scores = [row["CRPS"] for row in report["leaderboard"]]
    assert scores == sorted(scores)
    for name, row in rows.items():
        assert set(row) == {"name", "role", "count", *FIGURES, "coverage", "groups", "error"}
        assert (row["error"], row["count"]) == (None, 14 * 4 + 7)
        assert all(isinstance(row[figure], float) for figure in FIGURES), name
        assert set(row["coverage"]) == {"80", "95"}
        assert 0 <= row["coverage"]["80"] <= row["coverage"]["95"] <= 1
        assert [group["name"] for group in row["groups"]] == ["weekday", "weekend"]
        assert sum(group["count"] for group in row["groups"]) == row["count"]
        whole = sum(group["count"] * group["coverage"]["80"] for group in row["groups"]) / row["count"]
        assert whole == pytest.approx(row["coverage"]["80"])
        origins = [each for each in report["origins"] if each["name"] == name]
        assert [each["origin"] for each in origins] == report["settings"]["origins"]
        assert [each["count"] for each in origins] == [14, 14, 14, 14, 7]
        squares = sum(each["count"] * each["RMSE"] ** 2 for each in origins)
        assert (squares / row["count"]) ** 0.5 == pytest.approx(row["RMSE"])


def test_errors_by_lead_time_are_those_of_the_leaderboard_in_parts(report: dict[str, Any]) -> None:
    for row in report["leaderboard"]:
        parts = [part for part in report["lead_times"] if part["name"] == row["name"]]
        assert [(part["from"], part["to"], part["count"]) for part in parts] == [(1, 7, 35), (8, 14, 28)]
        for part in parts:
            assert set(part) == {"name", "from", "to", "count", "RMSE", "MAE", "MASE", "CRPS"}
        for figure in ("MAE", "MASE", "CRPS"):
            mean = sum(part["count"] * part[figure] for part in parts) / row["count"]
            assert mean == pytest.approx(row[figure]), (row["name"], figure)


def test_the_figures_of_the_seasonal_naive_are_what_pandas_says(report: dict[str, Any]) -> None:
    daily = pd.read_csv(COURSE_DATA, parse_dates=[0], index_col=0).iloc[:, 0]
    errors = []
    for origin in report["settings"]["origins"]:
        seen = daily[:origin]
        ahead = daily[pd.Timestamp(origin) + pd.Timedelta(days=1) :][:14]
        errors += (np.resize(seen.iloc[-7:], len(ahead)) - ahead).tolist()
    first = daily[: report["settings"]["origins"][0]]
    row = row_of(report, "seasonal-naive")
    assert row["RMSE"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))
    assert row["bias"] == pytest.approx(np.mean(errors))
    assert row["MASE"] == pytest.approx(np.mean(np.abs(errors)) / first.diff(7).abs().mean())


def test_the_registered_model_is_measured_as_its_endpoint_would_have_forecast(report: dict[str, Any]) -> None:
    daily = pd.read_csv(COURSE_DATA, parse_dates=[0], index_col=0).iloc[:, 0]
    [series] = read_model(REGISTERED).series
    errors = []
    for origin in report["settings"]["origins"]:
        values = daily[:origin].to_numpy()
        state = series.kind.filter(values.tolist(), {values.size}).states[values.size]  # type: ignore[attr-defined]
        mean, _ = series.kind.projection.ahead(state, 14)  # type: ignore[attr-defined]
        ahead = daily[pd.Timestamp(origin) + pd.Timedelta(days=1) :][:14].to_numpy()
        errors += (mean[: ahead.size] - ahead).tolist()
    assert row_of(report, "registered")["RMSE"] == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_the_same_again_leaves_the_same_bytes_in_however_many_processes(
    trained: tuple[Path, list[dict[str, Any]]], report: dict[str, Any], tmp_path: Path
) -> None:
    """Only the report's seconds differ; another seed is another run."""
    assert main(arguments(tmp_path / "again", *OPTIONS, "--processes", "1")) == 0
    for file in ("metric.json", f"models/{MODEL_FILE_NAME}"):
        assert (tmp_path / "again" / file).read_bytes() == (trained[0] / file).read_bytes()
    again = json.loads((tmp_path / "again" / "report.json").read_text())
    assert {**again, "seconds": 0} == {**report, "seconds": 0}
    assert main(arguments(tmp_path / "other", *OPTIONS, "--processes", "1", "--seed", "1")) == 0
    other = json.loads((tmp_path / "other" / "metric.json").read_text())
    assert other["run_id"] != report["run_id"]


def arguments(output: Path, *options: str, data: Path = COURSE_DATA) -> list[str]:
    named = ["--input", str(data), "--output", str(output), "--model-name", "adventureworks-daily"]
    return [*named, *options]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--candidates", "nonsense"), "candidates: there is no 'nonsense' at frequency D"),
        (("--candidates", "theta,"), "candidates: there is no ''"),
        (("--hierarchy",), "candidates: many series need it"),
        (("--candidates", ""), "candidates: there is no ''"),
        (("--candidates", "all", "--horizon", "0"), "horizon: it must be from 1 to 366"),
        (("--candidates", "all", "--horizon", "367"), "horizon: it must be from 1 to 366"),
        (("--candidates", "all", "--origins", "0"), "origins: it must be from 1 to 100"),
        (("--candidates", "all", "--seed", "-1"), "seed: it must be from 0"),
        (("--candidates", "all", "--processes", "-1"), "processes: it must be from 0"),
        (("--candidates", "theta", "--champion", "missing.npz"), "no model file at missing.npz"),
        (("--candidates", "theta", "--champion", str(COURSE_DATA)), "not a yosoku-model file"),
        (("--candidates", "theta", "--value-column", "Amount"), "value column: there is no 'Amount'"),
        (("--candidates", "theta", "--start", "2014-05-25"), "input: 7 rows are too few"),
        (("--candidates", "theta", "--start", "2014-05-30"), "2 rows are left"),
    ],
)
def test_options_that_can_not_be_are_named(
    options: tuple[str, ...], named: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(arguments(tmp_path / "out", "--processes", "1", *options)) == 2
    assert named in caplog.records[-1].getMessage()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--horizon", "a week"), ("--gaps", "maybe"), ("--progress", "loud"), ("--start", "31.7.2013")],
)
def test_options_that_can_not_be_read_are_named(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path / "out", "--candidates", "theta", option, value))
    assert caught.value.code == 2
    assert f"argument {option}:" in capsys.readouterr().err.splitlines()[-1]


def test_the_reason_is_the_last_line_of_the_process(tmp_path: Path) -> None:
    done = run_training(tmp_path / "out", "--candidates", "theta", "--champion", str(COURSE_DATA))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1].startswith("adventureworks_daily.csv is not a yosoku-model file")
    assert not (tmp_path / "out").exists()


def test_a_champion_of_another_calendar_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    months = pd.date_range("2001-01-01", periods=72, freq="MS").strftime("%Y-%m-%d")
    table = tmp_path / "monthly.csv"
    pd.DataFrame({"ds": months, "y": 100 + np.arange(72) % 12}).to_csv(table, index=False)
    options = ("--candidates", "theta", "--horizon", "6", "--champion", str(REGISTERED), "--processes", "1")
    assert main(arguments(tmp_path / "out", *options, data=table)) == 2
    assert caplog.records[-1].getMessage().startswith("champion: it can't forecast this series")
