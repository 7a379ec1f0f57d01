"""Turns taken by policies: rounds of their own, and why it was whose turn."""

import sqlalchemy as sa
from alembic import op

revision = "0005_rounds"
down_revision = "0004_jobs"


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("trigger_seq", sa.Integer(), nullable=False),
        sa.Column("since_seq", sa.Integer(), nullable=False),
        sa.Column("policy", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("began_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.Column("loads", sa.Integer(), nullable=True),
        sa.Column("naive_loads", sa.Integer(), nullable=True),
        sa.Column("saved_s", sa.Float(), nullable=True),
        sa.Column("checksum", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name=op.f("fk_rounds_room_id_rooms"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("room_id", "trigger_seq", name=op.f("pk_rounds")),
    )
    op.create_index("ix_rounds_state", "rounds", ["state"], unique=False)
    op.add_column("rooms", sa.Column("policy_options", sa.JSON(), nullable=True))
    op.add_column("messages", sa.Column("turn", sa.JSON(), nullable=True))
    op.add_column("messages", sa.Column("heard_seq", sa.Integer(), nullable=True))
    op.add_column("turns", sa.Column("why", sa.JSON(), nullable=True))
    op.add_column("turns", sa.Column("role", sa.String(length=16), nullable=True))
    op.add_column("turns", sa.Column("task", sa.Text(), nullable=True))
