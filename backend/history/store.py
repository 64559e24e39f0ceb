"""The store: forecasts as they were issued, and long operations; notes and plans lie in it too."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from backend.forecast_types import Vintage
from backend.history.opening import open_store
from backend.history.points import read_points, written_points
from backend.history.schema import cancellations, jobs, vintages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Row


class History:
    """The store; safe to share between threads.

    Opening it brings its tables up to date; HistoryUnavailable where it can't be opened.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_store(url)

    def save_vintages(self, issued: Iterable[Vintage]) -> None:
        """Keep forecasts as they were issued; all of them or none."""
        rows = [_vintage_row(vintage) for vintage in issued]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(vintages), rows)

    def newest_vintages(
        self,
        endpoint: str,
        series: str,
        *,
        model: tuple[str, str] | None = None,
        horizon: int = 1,
        origins: Collection[datetime] | None = None,
    ) -> list[Vintage]:
        """The newest forecast of each origin, oldest origin first.

        `series` is the name of the actuals, `model` narrows to (name, version), `horizon` to
        forecasts that reach at least that far, `origins` to those, which a long-lived endpoint has many of.
        """
        wanted = [
            vintages.c.endpoint == endpoint,
            vintages.c.series == series,
            vintages.c.steps >= horizon,
        ]
        if model:
            wanted += [vintages.c.model_name == model[0], vintages.c.model_version == model[1]]
        if origins is not None:
            wanted.append(vintages.c.origin.in_(origins))
        newest_first = (vintages.c.issued_at.desc(), vintages.c.id.desc())
        rank = func.row_number().over(partition_by=vintages.c.origin, order_by=newest_first)
        ranked = select(vintages.c.id, rank.label("rank")).where(*wanted).subquery()
        query = (
            select(vintages)
            .join(ranked, ranked.c.id == vintages.c.id)
            .where(ranked.c.rank == 1)
            .order_by(vintages.c.origin)
        )
        with self.engine.connect() as connection:
            return [_vintage(row) for row in connection.execute(query)]

    def endpoints_with_vintages(self, series: str | None = None) -> list[str]:
        """Names of the endpoints that ever issued a forecast (of a series), the latest issuer first."""
        query = (
            select(vintages.c.endpoint)
            .group_by(vintages.c.endpoint)
            .order_by(func.max(vintages.c.issued_at).desc(), vintages.c.endpoint)
        )
        if series is not None:
            query = query.where(vintages.c.series == series)
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

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
        "history_digest": vintage.history_digest,
        "steps": len(vintage.points),
        "points": written_points(vintage.points),
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
        points=read_points(row.points),
        history_digest=row.history_digest,
    )
