"""Making a working copy of a damaged file readable, page by page. Never used on the original.

What this changes is only how far SQLite gets: rows are believed by their checksums alone.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

PAGE = 4096  # bytes; Engawa's files never have another size
_COUNT, _CHANGES, _FREE, _VALID_FOR = 28, 24, 32, 92  # offsets in the header
_INTERIOR_TABLE = 5
_MOST_PADDING = 1 << 16  # pages that a cut file is filled up with


def complete(copy: Path) -> None:
    """Give a cut file its pages back (empty ones) and let the header name the true number."""
    size = copy.stat().st_size
    if size < PAGE:
        return
    with copy.open("r+b") as file:
        header = bytearray(file.read(PAGE))
        pages, claimed = -(-size // PAGE), _number(header, _COUNT)
        if pages < claimed <= pages + _MOST_PADDING:
            pages = claimed
        _write_header(file, header, pages)


def transplant_schema(copy: Path, fresh: Path) -> None:
    """Replace the pages of the schema by those of a fresh database, which lie at the same place.

    For a file whose first page or list of tables is damaged. A file that was built otherwise
    gives nothing then, because no checksum fits.
    """
    donor = fresh.read_bytes()
    pages = max(-(-copy.stat().st_size // PAGE), len(donor) // PAGE)
    with copy.open("r+b") as file:
        for number in _schema_pages(donor)[1:]:
            file.seek((number - 1) * PAGE)
            file.write(donor[(number - 1) * PAGE : number * PAGE])
        header = bytearray(donor[:PAGE])
        struct.pack_into(">II", header, _FREE, 0, 0)
        _write_header(file, header, pages)


def _write_header(file: BinaryIO, header: bytearray, pages: int) -> None:
    struct.pack_into(">I", header, _COUNT, pages)
    header[_VALID_FOR : _VALID_FOR + 4] = header[_CHANGES : _CHANGES + 4]
    file.truncate(pages * PAGE)
    file.seek(0)
    file.write(header)


def _schema_pages(content: bytes) -> list[int]:
    """The pages of the table that lists all tables: the first, and its children."""
    if content[100] != _INTERIOR_TABLE:
        return [1]
    cells = struct.unpack_from(">H", content, 103)[0]
    places = struct.unpack_from(f">{cells}H", content, 112)
    children = [_number(content, place) for place in places]
    return [1, *children, _number(content, 108)]


def _number(content: bytes | bytearray, offset: int) -> int:
    return int(struct.unpack_from(">I", content, offset)[0])
