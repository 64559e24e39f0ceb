"""Every store becomes what this version wants, whoever made it, and nothing in it is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, create_engine, inspect, text

from backend.errors import HistoryUnavailable
from backend.forecast_types import ForecastPoint, Vintage
from backend.history import History, metadata
from backend.history.opening import MIGRATIONS, migrate
from backend.history.schema import REVISION

ISSUED = datetime(2026, 1, 1, 9, tzinfo=UTC)
POINTS = (
    ForecastPoint(datetime(2014, 6, 1), 1.5, {80: 1.0}, {80: 2.0}),
    ForecastPoint(datetime(2014, 6, 2), 2.5, {}, {}),
)
STORED = '[["2014-06-01", 1.5, {"80": 1.0}, {"80": 2.0}], ["2014-06-02", 2.5, {}, {}]]'
# What `create_all` made of the tables before there were migrations; the oldest kept an origin's day alone.
VINTAGES = """
CREATE TABLE vintages (
    id {serial} NOT NULL, endpoint VARCHAR(64) NOT NULL, model_name VARCHAR(255) NOT NULL,
    model_version VARCHAR(32) NOT NULL, series VARCHAR(64) NOT NULL, origin {origin} NOT NULL,
    issued_at {moment} NOT NULL, frequency VARCHAR(8) NOT NULL, latency_ms FLOAT NOT NULL,
    contract VARCHAR(16) NOT NULL, points JSON NOT NULL, PRIMARY KEY (id)
)"""
OTHERS = (
    "CREATE INDEX vintages_by_endpoint ON vintages (endpoint, series, origin, issued_at)",
    """
CREATE TABLE jobs (
    id VARCHAR(32) NOT NULL, kind VARCHAR(32) NOT NULL, subject VARCHAR(255) NOT NULL,
    state VARCHAR(16) NOT NULL, owner VARCHAR(64) NOT NULL, started {moment} NOT NULL, ended {moment},
    events JSON NOT NULL, lines JSON NOT NULL, error JSON, result JSON NOT NULL, PRIMARY KEY (id)
)""",
    "CREATE INDEX jobs_by_subject ON jobs (kind, subject, started)",
    "CREATE TABLE cancellations (job_id VARCHAR(32) NOT NULL, asked {moment} NOT NULL, PRIMARY KEY (job_id))",
)


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """The bare database, without the store's tables."""
    (tmp_path / "state").mkdir()
    bare = create_engine(database_url, poolclass=NullPool)
    yield bare
    bare.dispose()


def make_old_store(engine: Engine, origin: str, *, whole: bool) -> None:
    """A store as an earlier version left it, with two forecasts and, unless it is of the oldest, a job."""
    postgres = engine.dialect.name == "postgresql"
    words = {
        "serial": "SERIAL" if postgres else "INTEGER",
        "moment": "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME",
        "origin": "TIMESTAMP" if postgres and origin == "DATETIME" else origin,
    }
    issued = "2026-01-01 09:00:00+00" if postgres else "2026-01-01 09:00:00.000000"
    day = "2014-05-31 00:00:00.000000" if origin == "DATETIME" else "2014-05-31"
    forecast = (
        "INSERT INTO vintages (endpoint, model_name, model_version, series, origin, issued_at, frequency, "
        "latency_ms, contract, points) "
        "VALUES ('demand', 'arima', :version, 'daily', :day, :issued, 'D', 212.0, 'yosoku', :points)"
    )
    job = (
        "INSERT INTO jobs VALUES ('1', 'train', 'demand', 'succeeded', '1:0.0', :issued, NULL, '[]', "
        '\'["half way"]\', NULL, \'{"model": "demand:1"}\')'
    )
    with engine.begin() as connection:
        for statement in (VINTAGES, *OTHERS) if whole else (VINTAGES,):
            connection.exec_driver_sql(statement.format(**words))
        for version in ("6", "7"):
            values = {"version": version, "day": day, "issued": issued, "points": STORED}
            connection.execute(text(forecast), values)
        if whole:
            connection.execute(text(job), {"issued": issued})


def kept_versions(history: History) -> list[str]:
    """Which of the two models that an old store knows have their forecast of 31 May 2014 still."""
    return [
        vintage.model_version
        for version in ("7", "6")
        for vintage in history.newest_vintages(
            "demand", "daily", model=("arima", version), origins=[datetime(2014, 5, 31)]
        )
    ]


def test_migrations_make_the_tables_that_the_code_knows(history: History) -> None:
    with history.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize(("origin", "whole"), [("DATETIME", True), ("DATE", False)])
def test_a_store_from_before_the_migrations_keeps_every_row(
    engine: Engine, database_url: str, origin: str, whole: bool
) -> None:
    make_old_store(engine, origin, whole=whole)
    history = History(database_url)
    old = Vintage(
        "demand", "arima", "7", "daily", datetime(2014, 5, 31), ISSUED, "D", 212.0, "yosoku", POINTS
    )
    assert history.newest_vintages("demand", "daily") == [old]
    assert kept_versions(history) == ["7", "6"]
    assert [job.result for job in history.find_jobs()] == ([{"model": "demand:1"}] if whole else [])
    later = Vintage(
        "demand",
        "arima",
        "7",
        "daily" * 50,
        datetime(2014, 5, 31),
        ISSUED + timedelta(hours=1),
        "D",
        5.0,
        "yosoku",
        POINTS,
        "d" * 64,
    )
    history.save_vintages([later])
    assert history.newest_vintages("demand", later.series) == [later]
    assert "vintages_before" not in inspect(history.engine).get_table_names()
    history.engine.dispose()
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_again_changes_nothing(database_url: str, engine: Engine) -> None:
    History(database_url).engine.dispose()
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO cancellations VALUES ('1', '2026-01-01 00:00:00')"))
    History(database_url).engine.dispose()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT job_id FROM cancellations")).scalars().all() == ["1"]


def test_a_store_of_a_newer_version_is_refused_and_left_alone(database_url: str, engine: Engine) -> None:
    History(database_url).engine.dispose()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'z9'"))
    with pytest.raises(HistoryUnavailable, match="newer version") as refused:
        History(database_url)
    assert (refused.value.code, refused.value.evidence) == ("history.newer", "z9")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "z9"


def test_a_migration_that_fails_leaves_the_store_as_it_was(database_url: str, engine: Engine) -> None:
    make_old_store(engine, "DATETIME", whole=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE plans (nobody_expects INTEGER)")
    with pytest.raises(HistoryUnavailable) as refused:
        History(database_url)
    assert refused.value.code == "history.unreachable"
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM vintages")).scalar() == 2
        columns = {column["name"] for column in inspect(connection).get_columns("vintages")}
        assert "steps" not in columns
        connection.exec_driver_sql("DROP TABLE plans")
    history = History(database_url)
    assert kept_versions(history) == ["7", "6"]
    history.engine.dispose()


def test_processes_that_open_a_store_at_once_make_it_once(database_url: str, engine: Engine) -> None:
    make_old_store(engine, "DATETIME", whole=True)
    code = (
        "import sys\nfrom backend.history import History\nsys.stdin.readline()\n"
        "history = History(sys.argv[1])\n"
        "print(len(history.find_jobs()), len(history.newest_vintages('demand', 'daily')))\n"
    )
    command = [sys.executable, "-c", code, database_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    openers = [subprocess.Popen(command, **pipes) for _ in range(4)]  # type: ignore[call-overload]
    for opener in openers:
        opener.stdin.write("\n")
        opener.stdin.flush()
    assert [opener.communicate(timeout=60)[0] for opener in openers] == ["1 1\n"] * 4
    assert [opener.returncode for opener in openers] == [0] * 4


def test_a_store_that_cannot_be_reached_says_so_without_the_password(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://yosoku:hush-hush@/history?host={tmp_path}"
    with pytest.raises(HistoryUnavailable) as refused:
        History(url)
    assert refused.value.code == "history.unreachable"
    assert "hush" not in refused.value.message + refused.value.evidence + json.dumps(
        refused.value.details, default=str
    )
    with pytest.raises(HistoryUnavailable) as unreadable:
        History("hush-hush")
    assert unreadable.value.code == "history.url"
    assert "hush" not in str(unreadable.value)


def test_a_store_that_is_up_to_date_is_known_as_such_and_may_be_migrated_again(history: History) -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION
    with history.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == REVISION
    migrate(history.engine)
    assert history.find_jobs() == []
