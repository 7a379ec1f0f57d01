"""A picture for a card of somebody who has none: the person's colour and a plain face, as PNG."""

from __future__ import annotations

import struct
import zlib

from core.agents.cards.png import SIGNATURE, pack
from core.agents.face import colour

SIDE = 256  # pixels
_PAPER, _INK = (0xFC, 0xFB, 0xF8), (0x2A, 0x27, 0x23)
_EYES = ((104, 138), (152, 138))
_RGB = 2  # PNG's number for three bytes a pixel


def portrait(name: str) -> bytes:
    """The same picture for the same name."""
    ground = bytes.fromhex(colour(name, dark=True)[1:])
    rows = b"".join(b"\0" + _row(y, ground) for y in range(SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, _RGB, 0, 0, 0)
    packed = zlib.compress(rows, 9)
    return SIGNATURE + pack(b"IHDR", head) + pack(b"IDAT", packed) + pack(b"IEND", b"")


def _row(y: int, ground: bytes) -> bytes:
    row = bytearray(ground * SIDE)
    _fill(row, y, (128, 136), 76, bytes(_PAPER))
    for eye in _EYES:
        _fill(row, y, eye, 9, bytes(_INK))
    if y > 166:  # the lower edge of a disc is a smile
        _fill(row, y, (128, 158), 24, bytes(_INK))
        _fill(row, y, (128, 152), 24, bytes(_PAPER))
    return bytes(row)


def _fill(row: bytearray, y: int, centre: tuple[int, int], radius: int, paint: bytes) -> None:
    """The part of a disc that lies on this row."""
    height = abs(y - centre[1])
    if height > radius:
        return
    half = int((radius**2 - height**2) ** 0.5)
    left, right = centre[0] - half, centre[0] + half
    row[3 * left : 3 * right] = paint * (right - left)
