"""Training by the clock: cron's own reading of its fields, each model once a turn, one after the other."""

from __future__ import annotations

import datetime
import fcntl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from backend import models
from backend.application import Application, open_application
from backend.jobs import Reporter
from backend.models import RegisteredModel
from backend.schedule import LOCK, Schedule, read_cron, scheduled, train_all
from backend.settings import Settings
from tests.backend.conftest import LeaveOutputs

UTC = datetime.UTC
MONDAY = datetime.datetime(2026, 11, 2, tzinfo=UTC)
NAME = "by-the-clock"


def next_days(expression: str, count: int) -> list[str]:
    """The weekdays of the next turns after a Monday's midnight."""
    trigger = read_cron(expression)
    moment: datetime.datetime | None = None
    days = []
    for _ in range(count):
        start = moment or MONDAY.astimezone()
        found = trigger.get_next_fire_time(moment, start + datetime.timedelta(seconds=1))
        days.append(f"{found:%a %H:%M}")
        moment = found
    return days


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("30 6 * * 1", ["Mon 06:30"]),  # cron's Monday; APScheduler alone would take Tuesday
        ("30 6 * * 0", ["Sun 06:30"]),
        ("30 6 * * 7", ["Sun 06:30"]),
        ("30 6 * * mon", ["Mon 06:30"]),
        ("30 6 * * 1-3", ["Mon 06:30", "Tue 06:30", "Wed 06:30", "Mon 06:30"]),
        ("30 6 * * 5-7", ["Fri 06:30", "Sat 06:30", "Sun 06:30", "Fri 06:30"]),
        ("30 6 * * 0-6/3", ["Wed 06:30", "Sat 06:30", "Sun 06:30", "Wed 06:30"]),
        ("30 6 * * 2,SAT", ["Tue 06:30", "Sat 06:30", "Tue 06:30"]),
    ],
)
def test_weekdays_are_crons(expression: str, days: list[str]) -> None:
    assert next_days(expression, len(days)) == days


@pytest.mark.parametrize(
    "expression", ["hourly", "* * * *", "61 * * * *", "0 6 * * 8", "0 6 * * 5-1", "0 6 * * 1/0", "0 6 * * x"]
)
def test_a_bad_expression_names_the_setting_at_start(expression: str) -> None:
    with pytest.raises(ValidationError, match="YOSOKU_TRAINING_SCHEDULE must be a cron expression") as caught:
        Settings(training_schedule=expression)
    assert expression in str(caught.value)


def test_it_is_off_by_default(application: Application) -> None:
    assert application.settings.training_schedule == ""
    assert application.schedule is not None
    assert application.schedule.next_turn is None


def test_only_what_a_training_left_is_trained() -> None:
    trained = RegisteredModel("a", 1, properties={"report": "report.json", "actuals": "sales"})
    uploaded = RegisteredModel("b", 3)
    uploaded_with_report = RegisteredModel("c", 1, properties={"report": "report.json"})
    assert scheduled({"a": trained, "b": uploaded, "c": uploaded_with_report}) == [trained]


@pytest.fixture
def clocked(application: Application, tmp_path: Path) -> Iterator[Application]:
    """An application whose clock is set, on the workspace of the run, with a history of its own."""
    changed: dict[str, Any] = {
        "database_url": f"sqlite:///{tmp_path / 'yosoku.db'}",
        "state_dir": application.settings.state_dir,
        "training_schedule": "0 6 * * mon",
        "training_processes": 1,
        "training_candidates": "naive",
    }
    opened = open_application(application.settings.model_copy(update=changed))
    yield opened
    opened.close()


@pytest.fixture
def registered(clocked: Application, leave_outputs: LeaveOutputs) -> Iterator[RegisteredModel]:
    """A champion with a report, of a team's own kind, trained on the bundled actuals."""
    workspace = clocked.workspace()
    outputs = leave_outputs(NAME, report=True, horizon=7)
    yield models.register(workspace, outputs, properties={"actuals": "adventureworks_daily"})
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)


def test_the_clock_says_when_its_next_turn_is(clocked: Application) -> None:
    assert clocked.schedule is not None
    turn = clocked.schedule.next_turn
    assert turn is not None
    assert (turn.weekday(), turn.hour, turn.minute) == (0, 6, 0)
    other = Schedule(clocked)
    other.close()
    assert clocked.schedule.next_turn == turn


def test_each_model_is_trained_once_a_turn(clocked: Application, registered: RegisteredModel) -> None:
    due = datetime.datetime.now(UTC).replace(second=0, microsecond=0)
    with (clocked.settings.state_dir / LOCK).open("w") as elsewhere:
        fcntl.flock(elsewhere, fcntl.LOCK_EX)  # as another process of the app does while it works on the turn
        assert train_all(clocked, due) == []
    first = train_all(clocked, due)
    job = clocked.jobs.latest("train", NAME)
    assert job is not None
    assert first == [job.id]
    # The whole turn has been worked on when it returns. The team's own file can't be measured.
    assert job.state == "succeeded", job.error
    assert job.result["verdict"]["outcome"] == "unmeasured"
    assert job.result["scheduled"]
    assert (job.result["horizon"], job.result["actuals"]) == (7, "adventureworks_daily")
    assert train_all(clocked, due) == []
    assert clocked.jobs.latest("train", NAME) == job


def test_a_model_is_not_trained_on_another_file_than_its_champion(
    clocked: Application, registered: RegisteredModel, leave_outputs: LeaveOutputs
) -> None:
    newest = models.register(
        clocked.workspace(), leave_outputs(NAME, report=True, horizon=7), properties={"actuals": "gone"}
    )
    train_all(clocked, datetime.datetime.now(UTC))
    job = clocked.jobs.latest("train", NAME)
    assert job is not None
    assert job.error is not None
    assert (job.state, job.error.code, job.error.details["name"]) == ("failed", "training.no_actuals", "gone")
    assert max(model.version for model in models.list_models(clocked.workspace(), NAME)) == newest.version


def test_a_turn_waits_for_a_training_that_runs(clocked: Application, registered: RegisteredModel) -> None:
    going, go_on = threading.Event(), threading.Event()

    def work(reporter: Reporter) -> Mapping[str, Any]:
        going.set()
        go_on.wait(30)
        return {}

    running = clocked.jobs.submit("train", NAME, work)
    assert going.wait(10)
    done: list[str] = []
    due = running.started - datetime.timedelta(minutes=1)
    turn = threading.Thread(target=lambda: done.extend(train_all(clocked, due)))
    turn.start()
    turn.join(0.3)
    assert turn.is_alive()
    go_on.set()
    turn.join(30)
    assert not turn.is_alive()
    assert done == []  # somebody trained it since the turn was due
    newest = clocked.jobs.latest("train", NAME)
    assert newest is not None
    assert newest.id == running.id
