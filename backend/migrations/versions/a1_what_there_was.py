"""The tables as they were before there were migrations; what a store already has of them stays."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision: str | None = None


def upgrade() -> None:
    """Make what is missing."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "vintages",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.String(32), nullable=False),
        sa.Column("series", sa.String(64), nullable=False),
        sa.Column("origin", sa.DateTime, nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.Column("frequency", sa.String(8), nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("contract", sa.String(16), nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index(
        "vintages_by_endpoint",
        "vintages",
        ["endpoint", "series", "origin", "issued_at"],
        if_not_exists=True,
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("started", moment, nullable=False),
        sa.Column("ended", moment),
        sa.Column("events", sa.JSON, nullable=False),
        sa.Column("lines", sa.JSON, nullable=False),
        sa.Column("error", sa.JSON),
        sa.Column("result", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index("jobs_by_subject", "jobs", ["kind", "subject", "started"], if_not_exists=True)
    op.create_table(
        "cancellations",
        sa.Column("job_id", sa.String(32), primary_key=True),
        sa.Column("asked", moment, nullable=False),
        if_not_exists=True,
    )
