"""Notes that people pin to days, and plans they bring."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a3"
down_revision: str | None = "a2"


def upgrade() -> None:
    """Make both tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("series", sa.String(255), nullable=False),
        sa.Column("first", sa.DateTime, nullable=False),
        sa.Column("last", sa.DateTime, nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("excluded", sa.Boolean, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("removed", moment),
    )
    op.create_index("notes_by_series", "notes", ["series", "first"])
    op.create_table(
        "plans",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("series", sa.String(255), nullable=False),
        sa.Column("uploaded", moment, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
    )
    op.create_index("plans_by_series", "plans", ["series", "uploaded"])
