"""A room may want shorter contexts than others, so that its models fit."""

import sqlalchemy as sa
from alembic import op

revision = "0008_room_context"
down_revision = "0007_loads"


def upgrade() -> None:
    op.add_column("rooms", sa.Column("context_tokens", sa.Integer(), nullable=True))
