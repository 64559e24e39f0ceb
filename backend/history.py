"""What the product remembers: forecasts as they were issued, and long operations.

SQLAlchemy over SQLite by default; any database URL it knows will do.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from backend.forecast_types import ForecastPoint, Vintage, read_moment, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Engine, Row
    from sqlalchemy.engine import Dialect


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite drops the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

vintages = Table(
    "vintages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("endpoint", String(64), nullable=False),
    Column("model_name", String(255), nullable=False),
    Column("model_version", String(32), nullable=False),
    Column("series", String(64), nullable=False),
    Column("origin", DateTime, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("frequency", String(8), nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("contract", String(16), nullable=False),
    Column("points", JSON, nullable=False),
    Index("vintages_by_endpoint", "endpoint", "series", "origin", "issued_at"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Column("ended", UtcDateTime),
    Column("events", JSON, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("error", JSON),
    Column("result", JSON, nullable=False),
    Index("jobs_by_subject", "kind", "subject", "started"),
)

# A table of its own: the process that works on a job keeps writing the job's row.
cancellations = Table(
    "cancellations",
    metadata,
    Column("job_id", String(32), primary_key=True),
    Column("asked", UtcDateTime, nullable=False),
)


class History:
    """The store; safe to share between threads."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        metadata.create_all(self.engine)
        _widen_origins(self.engine)

    def save_vintages(self, issued: Iterable[Vintage]) -> None:
        """Keep forecasts as they were issued; all of them or none."""
        rows = [_vintage_row(vintage) for vintage in issued]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(vintages), rows)

    def newest_vintages(
        self, endpoint: str, series: str, *, model: tuple[str, str] | None = None, horizon: int = 1
    ) -> list[Vintage]:
        """The newest forecast of each origin, oldest origin first.

        `series` is the name of the actuals, `model` narrows to (name, version), `horizon` to
        forecasts that reach at least that far.
        """
        query = (
            select(vintages)
            .where(vintages.c.endpoint == endpoint, vintages.c.series == series)
            .order_by(vintages.c.origin, vintages.c.issued_at, vintages.c.id)
        )
        if model:
            query = query.where(vintages.c.model_name == model[0], vintages.c.model_version == model[1])
        with self.engine.connect() as connection:
            found = [_vintage(row) for row in connection.execute(query)]
        newest = {vintage.origin: vintage for vintage in found if len(vintage.points) >= horizon}
        return list(newest.values())

    def endpoints_with_vintages(self, series: str | None = None) -> list[str]:
        """Names of the endpoints that ever issued a forecast (of a series), the latest issuer first."""
        query = select(vintages.c.endpoint).order_by(vintages.c.issued_at.desc())
        if series is not None:
            query = query.where(vintages.c.series == series)
        with self.engine.connect() as connection:
            return list(dict.fromkeys(connection.execute(query).scalars()))

    def add_job(self, row: Mapping[str, Any]) -> None:
        """Record a job that begins."""
        with self.engine.begin() as connection:
            connection.execute(insert(jobs).values(**row))

    def change_job(self, job_id: str, **values: Any) -> None:
        """Record what changed of a job."""
        with self.engine.begin() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(**values))

    def ask_to_cancel(self, job_id: str) -> None:
        """Record that a job should end; asking twice is fine."""
        if not self.is_cancelled(job_id):
            with contextlib.suppress(IntegrityError), self.engine.begin() as connection:
                connection.execute(insert(cancellations).values(job_id=job_id, asked=datetime.now(UTC)))

    def is_cancelled(self, job_id: str) -> bool:
        """Whether somebody asked for the job's end."""
        query = select(cancellations.c.job_id).where(cancellations.c.job_id == job_id)
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def find_jobs(
        self,
        *,
        job_id: str | None = None,
        kind: str | None = None,
        subject: str | None = None,
        state: str | None = None,
        limit: int = 50,
    ) -> Sequence[Row[Any]]:
        """Jobs that match, the newest first."""
        query = select(jobs).order_by(jobs.c.started.desc(), jobs.c.id).limit(limit)
        for column, value in (
            (jobs.c.id, job_id),
            (jobs.c.kind, kind),
            (jobs.c.subject, subject),
            (jobs.c.state, state),
        ):
            if value is not None:
                query = query.where(column == value)
        with self.engine.connect() as connection:
            return connection.execute(query).all()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _widen_origins(engine: Engine) -> None:
    """Earlier versions kept an origin's day alone; SQLite reads those as midnight and needs no change."""
    if engine.dialect.name != "postgresql":
        return
    columns = {column["name"]: column["type"] for column in inspect(engine).get_columns(vintages.name)}
    if isinstance(columns["origin"], Date):
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE vintages ALTER COLUMN origin TYPE TIMESTAMP"))


def _vintage_row(vintage: Vintage) -> dict[str, Any]:
    return {
        "endpoint": vintage.endpoint,
        "model_name": vintage.model_name,
        "model_version": vintage.model_version,
        "series": vintage.series,
        "origin": vintage.origin,
        "issued_at": vintage.issued_at,
        "frequency": vintage.frequency,
        "latency_ms": vintage.latency_ms,
        "contract": vintage.contract,
        "points": [
            [
                written(point.ds),
                point.mean,
                {str(k): v for k, v in point.lower.items()},
                {str(k): v for k, v in point.upper.items()},
            ]
            for point in vintage.points
        ],
    }


def _vintage(row: Row[Any]) -> Vintage:
    return Vintage(
        endpoint=row.endpoint,
        model_name=row.model_name,
        model_version=row.model_version,
        series=row.series,
        origin=row.origin,
        issued_at=row.issued_at,
        frequency=row.frequency,
        latency_ms=row.latency_ms,
        contract=row.contract,
        points=tuple(
            ForecastPoint(
                read_moment(ds),
                mean,
                {int(k): v for k, v in lower.items()},
                {int(k): v for k, v in upper.items()},
            )
            for ds, mean, lower, upper in row.points
        ),
    )
