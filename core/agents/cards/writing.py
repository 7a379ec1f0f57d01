"""From a `Card` to bytes: JSON, PNG and charx, each with the card's JSON as it is."""

from __future__ import annotations

import base64

from core.agents.cards import archive, png
from core.agents.cards.backfill import as_v2
from core.agents.cards.card import V3, Card
from core.agents.cards.plain_json import encode
from core.agents.cards.reading import CARD_FILE, CHUNKS, ICON, V2_CHUNK, V3_CHUNK


def write_json(card: Card) -> bytes:
    """The card alone."""
    return encode(card.raw, indent=2) + b"\n"


def write_png(card: Card, image: bytes) -> bytes:
    """The card inside a PNG picture, whose pixels stay untouched.

    A card of version 3 stands in `ccv3`, with a version 2 of it in `chara` for older programs.

    Raises:
        CardInvalid: `image` is no PNG picture.
    """
    kept = png.without_texts(png.read_chunks(image, "PNG"), CHUNKS)
    given = {V2_CHUNK: _packed(as_v2(card) if card.spec == V3 else card)}
    if card.spec == V3:
        given[V3_CHUNK] = _packed(card)
    return png.with_texts(png.read_chunks(kept, "PNG"), given)


def write_charx(card: Card) -> bytes:
    """The card as an archive with the files that came along, or at least its picture."""
    members = {CARD_FILE: encode(card.raw, indent=2), **card.assets}
    if card.image is not None and card.image not in card.assets.values():
        members.setdefault(ICON + _ending(card.image), card.image)
    return archive.write_archive(members)


def _packed(card: Card) -> bytes:
    return base64.b64encode(encode(card.raw))


def _ending(image: bytes) -> str:
    if png.is_png(image):
        return "png"
    if image.startswith(b"\xff\xd8"):
        return "jpg"
    return "webp" if image[8:12] == b"WEBP" else "gif"
