"""Pictures that somebody brings: only pixels come through."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.agents.pictures import MAX_BYTES
from core.agents.portraits import SIDE, portrait, small
from core.errors import FileUnusable


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 600), **saved: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, (40, 90, 140)).save(made, kind, **saved)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_square_png(kind: str) -> None:
    with Image.open(io.BytesIO(portrait(picture(kind), "me"))) as kept:
        assert (kept.format, kept.size) == ("PNG", (SIDE, SIDE))


def test_a_small_one_is_not_blown_up() -> None:
    with Image.open(io.BytesIO(portrait(picture(size=(60, 80)), "me"))) as kept:
        assert kept.size == (60, 60)


def test_words_in_a_picture_are_left_behind() -> None:
    notes = PngInfo()
    notes.add_text("chara", "secret words")
    raw = picture(pnginfo=notes)
    assert b"secret" in raw
    assert b"secret" not in portrait(raw, "me")


def test_what_a_camera_noted_is_left_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    raw = picture("JPEG", exif=exif)
    assert b"taken at home" in raw
    assert b"taken at home" not in portrait(raw, "me")


def bomb() -> bytes:
    """A valid PNG of 40,000 × 40,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        picture()[:200],
        picture("BMP"),
        b"\x89PNG\r\n\x1a\n" + bytes(500),
        bomb(),
        picture() + bytes(MAX_BYTES),
    ],
    ids=["empty", "svg", "cut", "bmp", "hollow", "bomb", "heavy"],
)
def test_anything_else_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(FileUnusable) as refused:
        portrait(data, "face.png")
    assert "face.png" in refused.value.message()
    assert small(data) is None or len(data) > MAX_BYTES


def test_the_screen_gets_a_small_one() -> None:
    seen = small(picture())
    assert seen is not None
    assert len(seen) < 4_000
    with Image.open(io.BytesIO(seen)) as kept:
        assert (kept.format, kept.size) == ("WEBP", (96, 96))
