"""What is remembered, over threads, processes and restarts, on both kinds of database."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import timeit
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from backend.errors import Conflict, DeploymentFailed
from backend.forecast_types import ForecastPoint, Vintage
from backend.history import History, vintages
from backend.history.points import written_points
from backend.jobs import ClosingError, Job, Jobs, Reporter

ISSUED = datetime(2026, 1, 1, 9, tzinfo=UTC)
VINTAGE = Vintage(
    "demand",
    "arima",
    "7",
    "daily",
    datetime(2014, 5, 31),
    ISSUED,
    "D",
    212.0,
    "yosoku",
    (
        ForecastPoint(datetime(2014, 6, 1), 1.5, {80: 1.0}, {80: 2.0}),
        ForecastPoint(datetime(2014, 6, 2), 2.5, {}, {}),
    ),
)


@pytest.fixture
def jobs(history: History) -> Iterator[Jobs]:
    running = Jobs(history)
    yield running
    running.close()


def ended(jobs: Jobs, job: Job) -> Job:
    """Wait until a job has ended; its thread says so by the pool becoming free."""
    jobs.close()
    found = jobs.get(job.id)
    assert found is not None
    return found


def test_a_vintage_comes_back_as_it_was(history: History) -> None:
    history.save_vintages([VINTAGE])
    assert history.newest_vintages("demand", "daily") == [VINTAGE]
    assert history.newest_vintages("demand", "other") == []
    assert history.newest_vintages("demand", "daily", model=("arima", "8")) == []
    assert history.newest_vintages("demand", "daily", horizon=3) == []


def test_the_newest_forecast_of_each_origin_is_shown_and_none_is_lost(history: History) -> None:
    later = replace(VINTAGE, issued_at=ISSUED + timedelta(hours=1), latency_ms=5.0)
    earlier_origin = replace(VINTAGE, origin=datetime(2014, 5, 24))
    history.save_vintages([later, VINTAGE, earlier_origin])
    assert history.newest_vintages("demand", "daily") == [earlier_origin, later]
    assert history.newest_vintages("demand", "daily", origins=[earlier_origin.origin]) == [earlier_origin]
    assert history.newest_vintages("demand", "daily", origins=[]) == []
    assert history.endpoints_with_vintages() == ["demand"]


def test_endpoints_are_told_by_what_they_forecast_last(history: History) -> None:
    history.save_vintages(
        [VINTAGE, replace(VINTAGE, endpoint="load", series="hours", issued_at=ISSUED + timedelta(hours=1))]
    )
    assert history.endpoints_with_vintages() == ["load", "demand"]
    assert history.endpoints_with_vintages("daily") == ["demand"]
    assert history.endpoints_with_vintages("other") == []


def test_a_shorter_forecast_does_not_hide_the_longer_one_of_its_origin(history: History) -> None:
    shorter = replace(VINTAGE, issued_at=ISSUED + timedelta(hours=1), points=VINTAGE.points[:1])
    history.save_vintages([VINTAGE, shorter])
    assert history.newest_vintages("demand", "daily") == [shorter]
    assert history.newest_vintages("demand", "daily", horizon=2) == [VINTAGE]


def test_of_forecasts_issued_in_one_moment_the_one_stored_last_is_shown(history: History) -> None:
    history.save_vintages([VINTAGE, replace(VINTAGE, latency_ms=3.0)])
    assert [vintage.latency_ms for vintage in history.newest_vintages("demand", "daily")] == [3.0]


def test_what_everybody_said_on_one_day(history: History) -> None:
    other = replace(VINTAGE, endpoint="load", model_name="season", issued_at=ISSUED + timedelta(hours=2))
    again = replace(VINTAGE, issued_at=ISSUED + timedelta(hours=1), history_digest="a" * 64)
    history.save_vintages([VINTAGE, other, again, replace(VINTAGE, origin=datetime(2014, 5, 24))])
    on_the_day = {"origins": [VINTAGE.origin]}
    assert history.newest_vintages("demand", "daily", **on_the_day) == [again]
    assert history.newest_vintages("load", "daily", **on_the_day) == [other]
    assert history.newest_vintages("demand", "daily", origins=[datetime(2014, 5, 25)]) == []
    assert history.newest_vintages("demand", "other", **on_the_day) == []
    with history.engine.connect() as connection:
        query = select(vintages.c.issued_at, vintages.c.history_digest).order_by(vintages.c.issued_at)
        kept = connection.execute(query.where(vintages.c.origin == VINTAGE.origin)).all()
    # The later one hides the first from a reader, and leaves it as it was issued.
    assert [tuple(row) for row in kept] == [
        (vintage.issued_at, vintage.history_digest) for vintage in (VINTAGE, again, other)
    ]


def test_no_forecast_that_was_issued_can_be_changed(history: History) -> None:
    history.save_vintages([VINTAGE])
    with pytest.raises(DBAPIError, match="never changed"), history.engine.begin() as connection:
        connection.execute(update(vintages).values(latency_ms=1.0))
    assert history.newest_vintages("demand", "daily") == [VINTAGE]


def test_a_year_of_weekly_forecasts_is_read_quickly(history: History) -> None:
    """52 forecasts of 90 steps: 60 ms on two cores at rest; here as a multiple of parsing what is stored."""
    points = tuple(
        ForecastPoint(
            datetime(2014, 6, 1) + timedelta(days=day),
            6000.123456789 + day,
            {80: 5000.123456789, 95: 4000.987654321},
            {80: 7000.123456789, 95: 8000.987654321},
        )
        for day in range(90)
    )
    origins = [datetime(2014, 5, 31) - timedelta(weeks=week) for week in range(52)]
    issued = [replace(VINTAGE, origin=origin, points=points) for origin in origins]
    history.save_vintages(issued)
    assert history.newest_vintages("demand", "daily", horizon=90) == issued[::-1]
    stored = [json.dumps(written_points(points)) for _ in origins]
    floor = min(timeit.repeat(lambda: [json.loads(text) for text in stored], number=1, repeat=5))
    read = lambda: history.newest_vintages("demand", "daily", horizon=90)  # noqa: E731
    assert min(timeit.repeat(read, number=1, repeat=5)) < max(0.06, 8 * floor)


def test_hours_come_back_as_they_were(history: History) -> None:
    points = tuple(ForecastPoint(datetime(2014, 6, 1, hour), float(hour), {}, {}) for hour in range(3))
    hourly = [
        replace(VINTAGE, origin=datetime(2014, 5, 31, hour), frequency="h", points=points)
        for hour in (22, 23)
    ]
    history.save_vintages(hourly)
    assert history.newest_vintages("demand", "daily") == hourly


def test_many_threads_may_write_at_once(history: History) -> None:
    origins = [datetime(2014, 1, 1) + timedelta(days=day) for day in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda origin: history.save_vintages([replace(VINTAGE, origin=origin)]), origins))
    assert [vintage.origin for vintage in history.newest_vintages("demand", "daily")] == origins


def test_a_job_reports_as_it_goes_and_ends_with_its_result(jobs: Jobs) -> None:
    reported, go_on = threading.Event(), threading.Event()

    def work(reporter: Reporter) -> Mapping[str, Any]:
        reporter.phase("validate")
        reporter.line("half way")
        reporter.remember(operation="op-1")
        reported.set()
        go_on.wait(10)
        return {"scoring_uri": "http://…"}

    job = jobs.submit("deploy", "demand", work)
    assert reported.wait(10)
    (running,) = jobs.running()
    assert running.lines == ("half way",)
    assert [event.phase for event in running.events] == ["validate"]
    with pytest.raises(Conflict):
        jobs.submit("deploy", "demand", work)
    go_on.set()
    done = ended(jobs, job)
    assert (done.state, done.error) == ("succeeded", None)
    assert done.result == {"operation": "op-1", "scoring_uri": "http://…"}
    assert done.ended is not None
    assert done.ended >= done.started


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            DeploymentFailed("No module named x", code="deployment.failed", evidence="Traceback"),
            "deployment.failed",
        ),
        (ZeroDivisionError("division by zero"), "unexpected"),
    ],
)
def test_a_job_that_fails_says_why(jobs: Jobs, error: Exception, code: str) -> None:
    def work(reporter: Reporter) -> Mapping[str, Any]:
        raise error

    failed = ended(jobs, jobs.submit("deploy", "demand", work))
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error.code == code
    assert str(error) in failed.error.message


def test_a_closing_application_leaves_a_watched_job_to_the_next(history: History) -> None:
    watching = threading.Event()

    def watch(reporter: Reporter) -> Mapping[str, Any]:
        watching.set()
        if reporter.pause(30):
            raise ClosingError
        return {}

    first = Jobs(history)
    job = first.submit("deploy", "demand", watch)
    assert watching.wait(10)
    first.close()
    left = first.get(job.id)
    assert left is not None
    assert left.state == "running"
    assert first.abandoned() == []  # this process is alive


def test_jobs_of_a_process_that_is_gone_are_abandoned(history: History, database_url: str) -> None:
    code = (
        "import sys, os, threading\n"
        "from backend.history import History\nfrom backend.jobs import Jobs\n"
        "jobs = Jobs(History(sys.argv[1]))\n"
        "def work(reporter):\n"
        "    reporter.remember(operation='op-7'); os.kill(os.getpid(), 9)\n"
        "jobs.submit('deploy', 'demand', work); threading.Event().wait(20)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, database_url], check=False, timeout=60)
    assert killed.returncode == -9
    jobs = Jobs(history)
    (left,) = jobs.abandoned()
    assert left.result == {"operation": "op-7"}
    jobs.resume(left, lambda reporter: {"resumed": True})
    done = ended(jobs, left)
    assert (done.state, done.result["resumed"]) == ("succeeded", True)


def test_a_job_that_cannot_be_resumed_says_so(history: History, jobs: Jobs) -> None:
    history.add_job(
        {
            "id": "gone",
            "kind": "demonstration",
            "subject": "demand",
            "state": "running",
            "owner": "1:0.0",
            "started": ISSUED,
            "events": [],
            "lines": [],
            "result": {},
        }
    )
    (left,) = jobs.abandoned()
    jobs.interrupt(left)
    said = jobs.get("gone")
    assert said is not None
    assert said.error is not None
    assert (said.state, said.error.code) == ("interrupted", "job.interrupted")
    assert jobs.running() == []


def test_work_that_looks_for_it_ends_when_it_is_cancelled_from_anywhere(history: History, jobs: Jobs) -> None:
    begun = threading.Event()

    def work(reporter: Reporter) -> Mapping[str, Any]:
        reporter.check()
        begun.set()
        while not reporter.is_stopping():
            reporter.pause(0.01)
        reporter.check()
        raise AssertionError("it goes on")

    job = jobs.submit("train", "demand", work)
    assert begun.wait(10)
    other_process = Jobs(history)
    other_process.cancel(job)
    done = jobs.wait(job)
    assert (done.state, done.error) == ("cancelled", None)
    assert done.ended is not None
    assert jobs.running() == []
    other_process.close()


def test_waiting_for_a_job_of_another_process_returns_it_as_it_stands(history: History, jobs: Jobs) -> None:
    done = jobs.wait(jobs.submit("train", "demand", lambda _: {"model": "demand:1"}))
    assert done.result == {"model": "demand:1"}
    assert Jobs(history).wait(done) == done
