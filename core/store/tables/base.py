"""What all tables have in common."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def checksum() -> Column[int]:
    """The column that the database itself keeps; see core/store/checksums.py."""
    return Column("checksum", Integer)
