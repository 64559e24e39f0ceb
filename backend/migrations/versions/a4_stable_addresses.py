"""What was deployed, which endpoint answers at a stable address, and what a mirror answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "a4"
down_revision: str | None = "a3"


def upgrade() -> None:
    """Make the four tables."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "kept_scripts",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("entry", sa.String(255), nullable=False),
        sa.Column("archive", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "kept_deployments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("moment", moment, nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("model_version", sa.Integer, nullable=False),
        sa.Column("script_digest", sa.String(64), nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("cpu_cores", sa.Float, nullable=False),
        sa.Column("memory_gb", sa.Float, nullable=False),
        sa.Column("authentication", sa.Boolean, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
    )
    op.create_index("kept_deployments_by_endpoint", "kept_deployments", ["endpoint", "id"])
    op.create_table(
        "address_revisions",
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("moment", moment, nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("routes", sa.JSON, nullable=False),
        sa.Column("mirror", sa.String(64)),
    )
    op.create_table(
        "mirrored_answers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("moment", moment, nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("mirror", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("mirror_status", sa.Integer, nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("mirror_latency_ms", sa.Float, nullable=False),
        sa.Column("answer", sa.JSON),
        sa.Column("mirror_answer", sa.JSON),
    )
    op.create_index("mirrored_answers_by_address", "mirrored_answers", ["address", "id"])
