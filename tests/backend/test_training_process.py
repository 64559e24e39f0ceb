"""The training command as a process: its words reach the job, and nothing of it is left when it is to end."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.history import History
from backend.jobs import Job, Jobs, Reporter
from backend.process_identity import create_time
from backend.settings import PROJECT_ROOT
from backend.training_process import Progress, end_left_over, run_training

DATA = PROJECT_ROOT / "data" / "adventureworks_daily.csv"


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    history = History(f"sqlite:///{tmp_path / 'yosoku.db'}")
    running = Jobs(history)
    yield running
    running.close()
    history.engine.dispose()


def ended(jobs: Jobs, arguments: list[str], log: Path, **options: Any) -> Job:
    """A job that runs the command and nothing else, once it has ended."""

    def work(reporter: Reporter) -> Mapping[str, Any]:
        run_training(reporter, arguments, log, **options)
        return {}

    return jobs.wait(jobs.submit("train", "demand", work))


def arguments(output: Path, *further: str) -> list[str]:
    return ["--input", str(DATA), "--output", str(output), "--model-name", "demand", *further]


def test_progress_is_told_as_it_comes(jobs: Jobs, tmp_path: Path) -> None:
    told: list[Progress] = []
    wanted = ("--candidates", "naive", "--processes", "1", "--progress", "json")
    job = ended(jobs, arguments(tmp_path / "out", *wanted), tmp_path / "log", progress=told.append)
    assert job.state == "succeeded", job.error
    assert {progress.phase for progress in told} >= {"read", "backtest", "fit", "write"}
    backtest = [progress for progress in told if progress.phase == "backtest"]
    assert backtest[-1].done == backtest[-1].total > 1
    assert json.loads((tmp_path / "out" / "metric.json").read_text())["model_name"] == "demand"
    assert "naive" in (tmp_path / "log").read_text()


def test_a_refused_input_gives_the_commands_reason(jobs: Jobs, tmp_path: Path) -> None:
    job = ended(jobs, arguments(tmp_path / "out", "--value-column", "nothing"), tmp_path / "log")
    assert job.error is not None
    assert job.error.code == "training.refused"
    assert "nothing" in job.error.details["reason"]


def test_any_other_end_gives_its_last_words(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    blocked = ended(jobs, arguments(tmp_path / "no" / "such", "--seed", "x"), tmp_path / "log")
    assert blocked.error is not None
    assert blocked.error.code in ("training.refused", "training.failed")
    assert "--seed" in blocked.error.evidence


def test_one_that_takes_too_long_is_ended(jobs: Jobs, tmp_path: Path) -> None:
    job = ended(jobs, arguments(tmp_path / "out"), tmp_path / "log", seconds=0.1)
    assert job.error is not None
    assert job.error.code == "training.timeout"
    assert create_time(job.result["process"][0]) is None


def test_a_closing_application_ends_it_and_leaves_the_job_to_the_next(tmp_path: Path) -> None:
    history = History(f"sqlite:///{tmp_path / 'yosoku.db'}")
    jobs = Jobs(history)

    def work(reporter: Reporter) -> Mapping[str, Any]:
        run_training(reporter, arguments(tmp_path / "out"), tmp_path / "log")
        return {}

    job = jobs.submit("train", "demand", work)
    deadline = time.monotonic() + 30
    while "process" not in current(jobs, job).result:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    jobs.close()
    left = current(jobs, job)
    assert left.state == "running"
    assert create_time(left.result["process"][0]) is None
    history.engine.dispose()


def current(jobs: Jobs, job: Job) -> Job:
    found = jobs.get(job.id)
    assert found is not None
    return found


def test_a_process_that_only_has_the_number_of_an_old_one_is_left_alone(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("train", "demand", lambda _: {"process": [os.getpid(), 1.0]}))
    end_left_over(job)
    assert psutil.pid_exists(os.getpid())
    end_left_over(jobs.wait(jobs.submit("train", "demand", lambda _: {})))
