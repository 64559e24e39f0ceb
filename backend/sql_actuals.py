"""Actuals from a database: one SELECT by URL, cleaned as a file's rows are, read again after a while."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from backend.actuals_table import LEAST_ROWS, read_table
from backend.errors import InvalidActuals
from backend.sql_statement import without_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row

    from backend.actuals_table import Actuals

STATEMENT_SECONDS = 60
MAX_ROWS = 1_000_000


@dataclass(frozen=True)
class SqlSource:
    """Actuals that a query reads from a database; `url` is a secret."""

    name: str
    url: str = field(repr=False)
    query: str
    refresh_seconds: float

    def version(self) -> str:
        """Another one after each refresh interval."""
        return f"{self.name}:{int(time.time() // self.refresh_seconds)}"

    def table(self) -> pd.DataFrame:
        """What the query selects now, all texts; raises InvalidActuals."""
        return read_query(self.url, self.query)

    def read(self, *, date_column: str | None = None, value_column: str | None = None) -> Actuals:
        """The series as the database has it now.

        Raises InvalidActuals when the database can't be reached, refuses the query, or has no such rows.
        """
        return read_table(self.table(), self.name, date_column=date_column, value_column=value_column)


def read_query(url: str, query: str) -> pd.DataFrame:
    """What a query selects, every cell as text, empty without a value.

    InvalidActuals when that is no table of a series.
    """
    columns, rows = _selected(url, query)
    if len(rows) > MAX_ROWS:
        raise InvalidActuals(
            f"The query selects more than {MAX_ROWS} rows.",
            field="actuals_query",
            code="actuals.sql_too_many",
            bound=MAX_ROWS,
        )
    if len(columns) < 2 or len(rows) < LEAST_ROWS:
        raise InvalidActuals(
            f"The query gives {len(rows)} rows of {len(columns)} columns; there must be a date, a value and "
            f"at least {LEAST_ROWS} rows.",
            field="actuals_query",
            code="actuals.sql_too_small",
            rows=len(rows),
            columns=len(columns),
            bound=LEAST_ROWS,
        )
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return pd.DataFrame(texts, columns=columns, dtype=str)


def _selected(url: str, query: str) -> tuple[list[str], Sequence[Row[Any]]]:
    """The columns that a query selects, and its rows, at most one more than are taken."""
    from sqlalchemy import text  # who has no database pays for no import
    from sqlalchemy.exc import SQLAlchemyError

    from backend.database import said

    with _connected(url) as connection:
        try:
            # What is beyond the bound stays on the server.
            reading = connection.execution_options(stream_results=True)
            with reading.execute(text(without_parameters(query))) as result:
                return list(result.keys()), result.fetchmany(MAX_ROWS + 1)
        except SQLAlchemyError as error:
            raise InvalidActuals(
                "The database refuses the query.",
                field="actuals_query",
                code="actuals.sql_refused",
                evidence=said(error, url),
            ) from error


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """A connection that reads only, closed with its engine; InvalidActuals when there is none."""
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError

    from backend.database import connect_arguments, parse_url, said

    parsed = parse_url(url)
    if parsed is None:
        raise InvalidActuals(
            "YOSOKU_ACTUALS_URL isn't a database's URL.", field="actuals_url", code="actuals.sql_url"
        )
    backend = parsed.get_backend_name()
    if backend == "sqlite" and not Path(parsed.database or "").is_file():
        raise _unreachable("There is no such file.")  # SQLite would make it
    try:
        arguments = connect_arguments(parsed, statement_seconds=STATEMENT_SECONDS)
        engine = create_engine(parsed, poolclass=NullPool, connect_args=arguments)
    except (SQLAlchemyError, ImportError) as error:
        raise InvalidActuals(
            f"There is no driver for {parsed.drivername}.",
            field="actuals_url",
            code="actuals.sql_driver",
            driver=parsed.drivername,
        ) from error
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        raise _unreachable(said(error, url)) from None  # a driver may quote the URL's parts
    with connection:
        if backend == "sqlite":
            connection.exec_driver_sql("PRAGMA query_only = ON")
        elif backend == "postgresql":
            connection.execution_options(postgresql_readonly=True)
        yield connection


def _unreachable(reason: str) -> InvalidActuals:
    return InvalidActuals(
        "The database of actuals can't be reached.",
        field="actuals_url",
        code="actuals.sql_unreachable",
        evidence=reason,
    )
