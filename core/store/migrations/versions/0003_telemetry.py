"""The machine: its numbers second by second and minute by minute, and what happened to it."""

import sqlalchemy as sa
from alembic import op

revision = "0003_telemetry"
down_revision = "0002_agents"


def upgrade() -> None:
    op.create_table(
        "telemetry",
        sa.Column("step_s", sa.Integer(), nullable=False),
        sa.Column("at", sa.Integer(), nullable=False),
        sa.Column("series", sa.JSON(), nullable=False),
        sa.Column("checksum", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("step_s", "at", name=op.f("pk_telemetry")),
    )
    op.create_table(
        "machine_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("checksum", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_machine_events")),
    )
