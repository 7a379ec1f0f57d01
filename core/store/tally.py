"""How many commits were acknowledged, kept outside the database.

The database counts its commits in its own header (`user_version`), inside each transaction; this
file holds the same number once a commit has been acknowledged. At start the two are compared: a
database that is behind has lost commits (a journal that was cut, damaged or deleted), which
SQLite itself cannot notice. The file is never waited for, so it may be behind, never ahead.
"""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

from core.paths import DataPaths

_FORMAT = struct.Struct("<II")  # count, CRC-32 of the count
_WRAP = 1 << 31  # the header's number has 31 bits and starts again at 0


def tally_file(paths: DataPaths) -> Path:
    return paths.database.with_suffix(".acked")


class Tally:
    """The file, open for the life of a store. Failing to write it is not worth an error."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644)

    def write(self, count: int) -> None:
        with suppress(OSError):
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, _packed(count))

    def close(self) -> None:
        os.close(self._descriptor)


def read(file: Path) -> int | None:
    """The last acknowledged commit; `None` when that is not known."""
    with suppress(OSError, struct.error):
        content = file.read_bytes()
        count, _crc = _FORMAT.unpack(content)
        if content == _packed(count):
            return int(count)
    return None


def following(count: int) -> int:
    """The number after `count`."""
    return (count + 1) % _WRAP


def missing(database: int, acknowledged: int | None) -> int:
    """How many acknowledged commits the database lacks."""
    if acknowledged is None:
        return 0
    behind = (acknowledged - database) % _WRAP
    return behind if behind < _WRAP // 2 else 0


def _packed(count: int) -> bytes:
    return _FORMAT.pack(count, zlib.crc32(count.to_bytes(4, "little")))
