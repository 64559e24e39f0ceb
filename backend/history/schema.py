"""The store's tables as they are now; backend/migrations makes them so, and a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

REVISION = "a4"  # of the newest migration
SERIES_LENGTH = 255  # characters of the name of actuals, with the parts of a panel's node


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

# Rows are added and never changed: a trigger refuses it.
vintages = Table(
    "vintages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("endpoint", String(64), nullable=False),
    Column("model_name", String(255), nullable=False),
    Column("model_version", String(32), nullable=False),
    Column("series", String(SERIES_LENGTH), nullable=False),
    Column("origin", DateTime, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("frequency", String(8), nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("contract", String(16), nullable=False),
    Column("history_digest", String(64), nullable=False),
    Column("steps", Integer, nullable=False),  # how many points there are
    Column("points", JSON, nullable=False),  # as backend.history.points writes them
    Index("vintages_by_endpoint", "endpoint", "series", "origin", "issued_at"),
    Index("vintages_by_series", "series", "origin", "issued_at"),
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

# A removed note stays, with the moment of its removal.
notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("series", String(SERIES_LENGTH), nullable=False),
    Column("first", DateTime, nullable=False),
    Column("last", DateTime, nullable=False),
    Column("text", String(200), nullable=False),
    Column("excluded", Boolean, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("removed", UtcDateTime),
    Index("notes_by_series", "series", "first"),
)

# The newest upload of a series counts; `points` are pairs of a date and a value, as the file had them.
plans = Table(
    "plans",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("series", String(SERIES_LENGTH), nullable=False),
    Column("uploaded", UtcDateTime, nullable=False),
    Column("name", String(255), nullable=False),
    Column("points", JSON, nullable=False),
    Index("plans_by_series", "series", "uploaded"),
)

# Every scoring script that was deployed, once: a zip of its files.
kept_scripts = Table(
    "kept_scripts",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("entry", String(255), nullable=False),
    Column("archive", LargeBinary, nullable=False),
)

# What was asked for when an endpoint was made, so that it can be made again.
kept_deployments = Table(
    "kept_deployments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("endpoint", String(64), nullable=False),
    Column("moment", UtcDateTime, nullable=False),
    Column("who", String(255), nullable=False),
    Column("model_name", String(255), nullable=False),
    Column("model_version", Integer, nullable=False),
    Column("script_digest", String(64), nullable=False),
    Column("environment", Text, nullable=False),
    Column("cpu_cores", Float, nullable=False),
    Column("memory_gb", Float, nullable=False),
    Column("authentication", Boolean, nullable=False),
    Column("description", Text, nullable=False),
    Index("kept_deployments_by_endpoint", "endpoint", "id"),
)

# The newest revision of an address is where it leads; `routes` are triples of endpoint, share in percent and
# the number of its row in kept_deployments (null where none is known).
address_revisions = Table(
    "address_revisions",
    metadata,
    Column("address", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("moment", UtcDateTime, nullable=False),
    Column("who", String(255), nullable=False),
    Column("change", String(16), nullable=False),
    Column("routes", JSON, nullable=False),
    Column("mirror", String(64)),
)

mirrored_answers = Table(
    "mirrored_answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("address", String(64), nullable=False),
    Column("moment", UtcDateTime, nullable=False),
    Column("endpoint", String(64), nullable=False),
    Column("mirror", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("mirror_status", Integer, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("mirror_latency_ms", Float, nullable=False),
    Column("answer", JSON),
    Column("mirror_answer", JSON),
    Index("mirrored_answers_by_address", "address", "id"),
)
