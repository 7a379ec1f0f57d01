"""Which pictures an agent may have: by what they are, never by what they are called."""

from __future__ import annotations

from pathlib import Path

from core.agents import disk
from core.errors import FileUnusable
from core.text import N_, words

MAX_BYTES = 4 * 1024 * 1024
_SIGNS = (
    (".png", b"\x89PNG\r\n\x1a\n", 0),
    (".jpg", b"\xff\xd8\xff", 0),
    (".gif", b"GIF8", 0),
    (".webp", b"WEBP", 8),
)


def ending(data: bytes) -> str:
    """The file ending (".png", ".jpg", ".gif", ".webp") by the picture's first bytes.

    Raises:
        FileUnusable: it is none of these (an SVG can hold a program), or too large.
    """
    if len(data) > MAX_BYTES:
        detail = words(N_("larger than {limit} MB"), limit=MAX_BYTES // 1024 // 1024)
        raise FileUnusable(file=words(N_("the picture")), detail=detail)
    for found, sign, offset in _SIGNS:
        if data[offset : offset + len(sign)] == sign:
            return found
    raise FileUnusable(
        file=words(N_("the picture")), detail=words(N_("expected PNG, JPEG, WebP or GIF"))
    )


def load(path: Path) -> bytes | None:
    """The picture's bytes; `None` when there is none that can be read."""
    try:
        data = disk.read(path, MAX_BYTES)
    except OSError:
        return None
    return data if len(data) <= MAX_BYTES else None
