"""Pictures that somebody brings: read as pixels and written anew, so only pixels remain.

What a file says of itself (its ending, its text, where it was taken) is not kept. Pillow is
loaded when the first picture comes.
"""

from __future__ import annotations

import hashlib
import io

from core.agents.pictures import MAX_BYTES
from core.errors import FileUnusable
from core.text import N_, words

FORMATS = ("PNG", "JPEG", "WEBP")
SIDE = 512  # pixels of a kept portrait, which is a square
SMALL_SIDE = 96
MAX_PIXELS = 40_000_000
MOST_KEPT = 500  # small ones, by the digest of what they were made of

_small: dict[bytes, bytes | None] = {}


def portrait(data: bytes, file: str) -> bytes:
    """A picture as a square PNG of at most 512 pixels a side, cut around its middle.

    `file` is what it is called in a refusal.

    Raises:
        FileUnusable: it is no PNG, JPEG or WebP, is broken, or too large (4 MB, 40 megapixels).
    """
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise FileUnusable(file=file, detail=words(N_("larger than {limit} MB"), limit=limit))
    return _square(data, file, SIDE, "PNG")


def small(data: bytes) -> bytes | None:
    """A picture as a small WebP for the screen, a few kilobytes; `None` when it is none."""
    digest = hashlib.sha256(data).digest()
    if digest not in _small:
        if len(_small) >= MOST_KEPT:
            _small.clear()
        try:
            _small[digest] = _square(data, "", SMALL_SIDE, "WEBP")
        except FileUnusable:
            _small[digest] = None
    return _small[digest]


def _square(data: bytes, file: str, side: int, kind: str) -> bytes:
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=[*FORMATS, "GIF"]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                detail = words(N_("more than {n} megapixels"), n=MAX_PIXELS // 1_000_000)
                raise FileUnusable(file=file, detail=detail)
            opened.draft("RGB", (side, side))  # JPEG: decoded small, if it is very large
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
        side = min(side, *upright.size)
        made = io.BytesIO()
        ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS).save(made, kind)
    except FileUnusable:
        raise
    except Exception:  # Pillow's readers raise whatever a broken file makes them stumble over
        raise FileUnusable(
            file=file, detail=words(N_("expected a whole PNG, JPEG or WebP"))
        ) from None
    return made.getvalue()
