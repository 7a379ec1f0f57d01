"""What a load really took of memory."""

import sqlalchemy as sa
from alembic import op

revision = "0007_loads"
down_revision = "0006_editing"


def upgrade() -> None:
    op.add_column("loads", sa.Column("memory_bytes", sa.Integer(), nullable=True))
    op.add_column("loads", sa.Column("vram_bytes", sa.Integer(), nullable=True))
