"""Forecasts as arrays, with what they saw and how far they reach; nothing can change one any more.

The oldest stores kept an origin's day alone: it becomes that day's midnight.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "a2"
down_revision: str | None = "a1"

BATCH = 200  # rows
KEPT = ("id", "endpoint", "model_name", "model_version", "series", "issued_at", "frequency", "latency_ms")
MOMENT = sa.DateTime(timezone=True)
# A table's own definition can't be widened in SQLite, so that on both a new one takes over its rows.
BEFORE = sa.table(
    "vintages_before",
    *(sa.column(name) for name in KEPT if name != "issued_at"),
    sa.column("issued_at", MOMENT),
    sa.column("contract"),
    sa.column("origin", sa.DateTime),
    sa.column("points", sa.JSON),
)


def upgrade() -> None:
    """Move every row into the new table."""
    connection = op.get_bind()
    op.drop_index("vintages_by_endpoint", "vintages")
    op.rename_table("vintages", "vintages_before")
    after = op.create_table(
        "vintages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(32), nullable=False),
        sa.Column("series", sa.String(255), nullable=False),
        sa.Column("origin", sa.DateTime, nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("contract", sa.String(16), nullable=False),
        sa.Column("history_digest", sa.String(64), nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
    )
    for batch in _batches(connection):
        connection.execute(sa.insert(after), [_moved(row) for row in batch])
    op.drop_table("vintages_before")
    op.create_index("vintages_by_endpoint", "vintages", ["endpoint", "series", "origin", "issued_at"])
    op.create_index("vintages_by_series", "vintages", ["series", "origin", "issued_at"])
    if connection.dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('vintages', 'id'), max(id)) FROM vintages")
    _refuse_changes(connection.dialect.name)


def _batches(connection: sa.Connection) -> Iterator[list[sa.Row[Any]]]:
    last = 0
    while True:
        query = sa.select(BEFORE).where(BEFORE.c.id > last).order_by(BEFORE.c.id).limit(BATCH)
        rows = list(connection.execute(query))
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _moved(row: sa.Row[Any]) -> dict[str, Any]:
    origin: date = row.origin
    points: list[list[Any]] = row.points
    return {
        **{name: getattr(row, name) for name in KEPT},
        "contract": row.contract,
        "origin": origin if isinstance(origin, datetime) else datetime.combine(origin, time.min),
        "history_digest": "",
        "steps": len(points),
        "points": {
            "ds": [point[0] for point in points],
            "mean": [point[1] for point in points],
            "lower": _limits([point[2] for point in points]),
            "upper": _limits([point[3] for point in points]),
        },
    }


def _limits(limits: list[dict[str, float]]) -> dict[str, list[float | None]]:
    levels = sorted({level for each in limits for level in each}, key=int)
    return {level: [each.get(level) for each in limits] for level in levels}


def _refuse_changes(dialect: str) -> None:
    """From here on the database itself refuses to change a forecast."""
    if dialect == "sqlite":
        op.execute(
            "CREATE TRIGGER vintages_stay BEFORE UPDATE ON vintages "
            "BEGIN SELECT RAISE(ABORT, 'a forecast that was issued is never changed'); END"
        )
    elif dialect == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'a forecast that was issued is never changed'; END $$"
        )
        op.execute(
            "CREATE TRIGGER vintages_stay BEFORE UPDATE ON vintages "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
