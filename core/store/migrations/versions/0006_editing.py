"""Lines changed, answered again, voted on and whispered; who heard what; what a room may cost."""

import sqlalchemy as sa
from alembic import op

revision = "0006_editing"
down_revision = "0005_rounds"

_OLD_SEATS = (
    "INSERT INTO attendance (room_id, name_key, number, name, since_seq)"
    " SELECT room_id, name_key, 1, name, 0 FROM members WHERE kind = 'agent'"
)


def upgrade() -> None:
    for name in ("origin", "limits", "spent", "halted"):
        op.add_column("rooms", sa.Column(name, sa.JSON(), nullable=True))
    for name in ("muted", "away"):
        op.add_column("members", _flag(name))
    op.add_column("messages", sa.Column("to", sa.JSON(), nullable=True))
    op.add_column("messages", _flag("pinned"))
    op.add_column("messages", sa.Column("edited_at", sa.String(length=32), nullable=True))
    for name in ("variant", "variants"):
        one = sa.Column(name, sa.Integer(), nullable=False, server_default="1")
        op.add_column("messages", one)
    op.add_column("messages", sa.Column("votes", sa.JSON(), nullable=True))
    op.add_column("messages", sa.Column("again", sa.String(length=16), nullable=True))
    _attendance()
    _variants()
    _edits()
    _votes()


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default="0")


def _of_a_room(table: str) -> tuple[sa.Column[str], sa.ForeignKeyConstraint]:
    key = f"fk_{table}_room_id_rooms"
    return (
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f(key), ondelete="CASCADE"),
    )


def _attendance() -> None:
    room, reference = _of_a_room("attendance")
    op.create_table(
        "attendance",
        room,
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since_seq", sa.Integer(), nullable=False),
        sa.Column("until_seq", sa.Integer(), nullable=True),
        sa.Column("checksum", sa.Integer(), nullable=True),
        reference,
        sa.PrimaryKeyConstraint("room_id", "name_key", "number", name=op.f("pk_attendance")),
    )
    # Who sat there before this was noted has heard everything so far.
    op.execute(_OLD_SEATS)


def _variants() -> None:
    room, reference = _of_a_room("variants")
    op.create_table(
        "variants",
        room,
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=True),
        sa.Column("usage", sa.JSON(), nullable=True),
        sa.Column("timings", sa.JSON(), nullable=True),
        sa.Column("reasoning", sa.Text(), nullable=True),
        sa.Column("speech", sa.JSON(), nullable=True),
        sa.Column("edited_at", sa.String(length=32), nullable=True),
        sa.Column("checksum", sa.Integer(), nullable=True),
        reference,
        sa.PrimaryKeyConstraint("room_id", "seq", "number", name=op.f("pk_variants")),
    )


def _edits() -> None:
    room, reference = _of_a_room("edits")
    op.create_table(
        "edits",
        room,
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("checksum", sa.Integer(), nullable=True),
        reference,
        sa.PrimaryKeyConstraint("room_id", "seq", "number", name=op.f("pk_edits")),
    )


def _votes() -> None:
    room, reference = _of_a_room("votes")
    op.create_table(
        "votes",
        room,
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("variant", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("voter", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("checksum", sa.Integer(), nullable=True),
        reference,
        sa.PrimaryKeyConstraint("room_id", "seq", "variant", "voter", name=op.f("pk_votes")),
    )
