"""Opening the store: SQLite set up for many threads and processes, and its tables brought up to date."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from backend.database import connect_arguments, parse_url, said
from backend.errors import HistoryUnavailable
from backend.history.schema import REVISION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 0x796F736F6B75  # "yosoku", the advisory lock of whoever changes the tables
_MIGRATING = threading.Lock()  # alembic's context is one a process


def open_store(url: str) -> Engine:
    """The store's engine, its tables as this version wants them; HistoryUnavailable where that can't be."""
    engine = _engine(url)
    try:
        if _revision(engine) != REVISION:
            migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        reason = said(error, url)
        raise HistoryUnavailable(
            f"The history can't be opened: {reason}",
            code="history.unreachable",
            evidence=reason,
            reason=reason,
        ) from None  # a driver may quote the URL's parts
    except HistoryUnavailable:
        engine.dispose()
        raise
    return engine


def _revision(engine: Engine) -> str | None:
    """Where the store stands, read without alembic, which takes a while to import."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine) -> None:
    """Bring the tables up to date, in one transaction, while no other process does the same.

    A store that was made before there were migrations is taken up as it is. Raises HistoryUnavailable for one
    that a newer version wrote.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with _MIGRATING, _alone(engine) as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
        unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
        if unknown:
            raise HistoryUnavailable(
                "The history was written by a newer version of Yosoku; start that version, or choose another "
                "database.",
                code="history.newer",
                evidence=", ".join(sorted(unknown)),
            )
        command.upgrade(config, "head")


@contextlib.contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process can be in at the same time; rolled back on an error."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            with _immediate(connection):
                yield connection
            return
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection


@contextlib.contextmanager
def _immediate(connection: Connection) -> Iterator[None]:
    """A transaction that holds SQLite's write lock from its start and takes changes of tables along.

    The driver would begin one only before rows are written.
    """
    driver: Any = connection.connection.dbapi_connection
    usual, driver.isolation_level = driver.isolation_level, None
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    finally:
        driver.isolation_level = usual


def _engine(url: str) -> Engine:
    parsed = parse_url(url)
    if parsed is None:
        raise HistoryUnavailable("YOSOKU_DATABASE_URL isn't a database's URL.", code="history.url")
    try:
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True, connect_args=connect_arguments(parsed))
    except (SQLAlchemyError, ImportError) as error:
        raise HistoryUnavailable(
            f"There is no driver for {parsed.drivername}.", code="history.driver", driver=parsed.drivername
        ) from error
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(parsed)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
