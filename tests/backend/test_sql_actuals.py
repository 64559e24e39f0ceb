"""Actuals from a database, on both kinds: read as a file's, new rows seen, refusals without the password."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError
from sqlalchemy import Engine, NullPool, create_engine, text

from backend.actuals import FileSource, list_actuals, read_actuals, save_actuals
from backend.errors import InvalidActuals
from backend.settings import PROJECT_ROOT, Settings
from backend.sql_actuals import SqlSource, read_query
from backend.sql_statement import one_select
from tests.backend.postgres import PASSWORD, READER, Postgres

FILE = PROJECT_ROOT / "data" / "adventureworks_daily.csv"
QUERY = "SELECT TransactionDate, PaidAmount FROM sales WHERE PaidAmount > 0 ORDER BY TransactionDate;"


@pytest.fixture
def sales(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A database with the bundled series in a table, typed as a shop's would be."""
    (tmp_path / "state").mkdir()
    engine = create_engine(database_url, poolclass=NullPool)
    rows = pd.read_csv(FILE)
    values = [
        {"day": day, "amount": amount} for day, amount in zip(rows.iloc[:, 0], rows.iloc[:, 1], strict=True)
    ]
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE sales (TransactionDate DATE, PaidAmount DOUBLE PRECISION, Note VARCHAR(20))")
        )
        connection.execute(text("INSERT INTO sales VALUES (:day, :amount, NULL)"), values)
    yield engine
    engine.dispose()


def source_of(url: str, query: str = QUERY, seconds: float = 300) -> SqlSource:
    return SqlSource("shop", url, one_select(query), seconds)


def test_rows_of_a_database_read_as_those_of_a_file(sales: Engine, database_url: str) -> None:
    from_file = read_actuals(FILE, "shop")
    actuals = source_of(database_url).read()
    pd.testing.assert_frame_equal(actuals.frame, from_file.frame)
    assert (actuals.name, actuals.frequency, actuals.findings) == ("shop", "D", from_file.findings)
    assert [name.lower() for name in actuals.columns] == ["transactiondate", "paidamount"]


def test_what_is_wrong_with_rows_is_told_as_for_a_file(sales: Engine, database_url: str) -> None:
    with sales.begin() as connection:
        connection.execute(text("UPDATE sales SET PaidAmount = NULL WHERE TransactionDate = '2014-02-28'"))
    query = "SELECT TransactionDate AS ds, PaidAmount AS y, Note FROM sales ORDER BY 1"
    actuals = source_of(database_url, query).read()
    assert [moment.date() for moment in actuals.filled] == [date(2014, 2, 28)]
    assert [problem.code for problem in actuals.problems] == ["missing_value", "gap"]
    assert actuals.columns == ("ds", "y", "note" if sales.dialect.name == "postgresql" else "Note")


def test_amounts_and_moments_keep_their_values(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        moment = "TIMESTAMP WITH TIME ZONE" if engine.dialect.name == "postgresql" else "VARCHAR(40)"
        connection.execute(
            text(f"CREATE TABLE load (at {moment}, megawatts NUMERIC(12, 2), site VARCHAR(9))")
        )
        rows = [
            {"at": f"2024-03-{day:02d} {hour:02d}:00:00+00:00", "y": hour + 0.25, "site": "a:b%"}
            for day in (1, 2, 3)
            for hour in range(24)
        ]
        connection.execute(text("INSERT INTO load VALUES (:at, :y, :site)"), rows)
    query = "SELECT at, megawatts FROM load WHERE site LIKE 'a:b%' ORDER BY at"
    actuals = source_of(database_url, query).read()
    assert actuals.frequency == "h"
    assert actuals.frame["y"].tolist() == [hour + 0.25 for _ in range(3) for hour in range(24)]
    assert actuals.origin.isoformat() == "2024-03-03T23:00:00"
    engine.dispose()


def test_new_rows_are_seen_after_the_refresh_interval_without_a_restart(
    sales: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(database_url, seconds=60)
    monkeypatch.setattr("backend.sql_actuals.time.time", lambda: 6_000.0)
    before, seen = source.version(), source.read()
    with sales.begin() as connection:
        day = seen.origin.date() + timedelta(days=1)
        connection.execute(text("INSERT INTO sales VALUES (:day, 7.5, NULL)"), {"day": str(day)})
    monkeypatch.setattr("backend.sql_actuals.time.time", lambda: 6_059.9)
    assert source.version() == before
    monkeypatch.setattr("backend.sql_actuals.time.time", lambda: 6_060.0)
    assert source.version() != before
    now = source.read()
    assert (now.origin.date(), now.frame["y"].iloc[-1]) == (day, 7.5)


def test_nothing_is_written(sales: Engine, database_url: str) -> None:
    with pytest.raises(InvalidActuals) as refused:
        read_query(database_url, "DELETE FROM sales")
    assert refused.value.code == "actuals.sql_refused"
    if sales.dialect.name == "postgresql":
        with pytest.raises(InvalidActuals) as hidden:
            read_query(database_url, "WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone")
        assert hidden.value.code == "actuals.sql_refused"
    assert len(source_of(database_url).read().frame) == 305


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT TransactionDate, PaidAmount FROM turnover", "actuals.sql_refused"),
        ("SELEC", "actuals.sql_refused"),
        ("SELECT TransactionDate, PaidAmount FROM sales WHERE PaidAmount < 0", "actuals.sql_too_small"),
        ("SELECT TransactionDate FROM sales", "actuals.sql_too_small"),
        ("SELECT PaidAmount, PaidAmount + 1 AS more FROM sales", "actuals.no_date"),
        ("SELECT TransactionDate, Note FROM sales", "actuals.no_value"),
    ],
)
def test_a_query_that_gives_no_series_is_refused(
    sales: Engine, database_url: str, query: str, code: str
) -> None:
    with pytest.raises(InvalidActuals) as refused:
        SqlSource("shop", database_url, query, 300).read()
    assert refused.value.code == code
    assert database_url not in f"{refused.value.message}{refused.value.evidence}{refused.value.details}"


def test_more_rows_than_are_taken(sales: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.sql_actuals.MAX_ROWS", 100)
    with pytest.raises(InvalidActuals) as refused:
        source_of(database_url).read()
    assert refused.value.code == "actuals.sql_too_many"


def test_a_password_is_taken_but_never_told(postgres: Postgres, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    database = postgres.new_database()
    postgres.run(
        "CREATE TABLE sales AS "
        "SELECT generate_series(date '2024-01-01', '2024-02-01', '1 day') AS ds, 1.5 AS y",
        database=database,
    )
    right = SqlSource("shop", postgres.url(database, READER, PASSWORD), "SELECT ds, y FROM sales", 300)
    assert len(right.read().frame) == 32
    secret = "not-the-p@ssword"
    wrong = SqlSource("shop", postgres.url(database, READER, secret), "SELECT ds, y FROM sales", 300)
    with pytest.raises(InvalidActuals) as refused:
        wrong.read()
    error = refused.value
    assert error.code == "actuals.sql_unreachable"
    assert "password authentication failed" in error.evidence
    told = "".join(traceback.format_exception(error)) + error.evidence + json.dumps(error.details)
    for text_shown in (told, repr(wrong), caplog.text):
        assert secret not in text_shown
        assert "not-the-p%40ssword" not in text_shown


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("postgresql+psycopg://reader:hush-hush@127.0.0.1:1/shop", "actuals.sql_unreachable"),
        ("sqlite:///{folder}/hush-hush.db", "actuals.sql_unreachable"),
        ("hush-hush", "actuals.sql_url"),
        ("postgresql://reader:hush-hush@127.0.0.1:port/shop", "actuals.sql_url"),
        ("oracle+cx_oracle://reader:hush-hush@127.0.0.1/shop", "actuals.sql_driver"),
    ],
)
def test_a_database_that_is_not_there_is_told_calmly(url: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidActuals) as refused:
        read_query(url.format(folder=tmp_path), "SELECT 1")
    assert refused.value.code == code
    assert "hush" not in "".join(traceback.format_exception(refused.value)) + refused.value.evidence
    assert not list(tmp_path.iterdir())


def test_the_database_is_listed_first(tmp_path: Path) -> None:
    settings = Settings(
        state_dir=tmp_path,
        actuals_url="sqlite:///shop.db",
        actuals_query="SELECT ds, y FROM sales ; ",
        actuals_name="shop",
    )
    first, second, *_ = list_actuals(settings)
    assert first == SqlSource("shop", "sqlite:///shop.db", "SELECT ds, y FROM sales", 300)
    assert second == FileSource("adventureworks_daily", settings.actuals)
    kept = save_actuals(settings, "shop.csv", b"ds,y\n2024-01-01,1\n2024-01-02,2\n")
    assert kept.name != "shop"
    assert [source.name for source in list_actuals(settings)].count("shop") == 1
    assert list_actuals(settings)[-1] == kept


def test_a_file_has_another_version_when_it_is_written_anew(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    source = save_actuals(settings, "shop.csv", b"ds,y\n2024-01-01,1\n2024-01-02,2\n")
    before = source.version()
    assert source.version() == before
    source.path.write_text("ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n")
    assert source.version() != before
    assert len(source.read().frame) == 3
    source.path.unlink()
    with pytest.raises(InvalidActuals):
        source.read()
    assert source.version().endswith(":0")


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM sales", "SELECT 1; DROP TABLE sales", "select 1;;select 2", "UPDATE sales SET y = 1"],
)
def test_settings_take_one_select_alone(query: str) -> None:
    with pytest.raises(ValidationError, match="one SELECT") as refused:
        Settings(actuals_url="postgresql://reader:hush@host/shop", actuals_query=query)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "query",
    [
        "select ';' as a, y from t -- ; \n",
        "WITH t AS (SELECT 1) SELECT * FROM t",
        '/* ; */ SELECT "a;b" FROM t;',
    ],
)
def test_what_only_looks_like_two_statements_is_one(query: str) -> None:
    assert one_select(query) == query.strip().rstrip(";").rstrip()


def test_url_and_query_are_set_together_and_the_url_stays_secret() -> None:
    with pytest.raises(ValidationError, match="YOSOKU_ACTUALS_QUERY") as refused:
        Settings(actuals_url="postgresql://reader:hush@host/shop")
    assert "hush" not in str(refused.value)
    settings = Settings(actuals_url="postgresql://reader:hush@host/shop", actuals_query="SELECT ds, y FROM t")
    assert "hush" not in repr(settings)
    assert "hush" not in repr(list_actuals(settings))
    with pytest.raises(ValidationError, match="actuals_refresh_seconds"):
        Settings(actuals_refresh_seconds=1)
