"""From the bytes of a card to a `Card`: JSON, PNG and charx, told apart by what they hold."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from core.agents.cards import archive, png
from core.agents.cards.card import Card, checked
from core.agents.cards.faults import at_most, invalid
from core.agents.cards.plain_json import read_json
from core.text import N_, words

MAX_CARD_BYTES = 32_000_000
CARD_FILE = "card.json"
V2_CHUNK, V3_CHUNK = "chara", "ccv3"
CHUNKS = (V3_CHUNK, V2_CHUNK)  # the one to be used stands first
ICON = "assets/icon/images/main."

_EMBEDDED = ("embeded://", "embedded://")  # the first is how the specification spells it
_DATA = "data:image/"


def read_card(data: bytes, filename: str) -> Card:
    """Read a card; what kind of file it is, its content says and not its name.

    Raises:
        CardInvalid: naming file, field, what was expected and what was found.
    """
    if len(data) > MAX_CARD_BYTES:
        raise invalid(filename, "file", at_most(MAX_CARD_BYTES), words(N_("a larger one")))
    if png.is_png(data):
        return _from_png(data, filename)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        card = checked(read_json(data, filename), filename)
        return replace(card, image=_icon(card, {}))
    if archive.is_archive(data):
        return _from_charx(data, filename)
    expected = words(N_("a card as JSON, PNG or charx"))
    raise invalid(filename, "file", expected, words(N_("something else")))


def _from_png(data: bytes, file: str) -> Card:
    chunks = png.read_chunks(data, file)
    found = png.texts(chunks, CHUNKS, file)
    keyword = next((one for one in CHUNKS if one in found), None)
    if keyword is None:
        expected = words(N_("a card in “chara” or “ccv3”"))
        raise invalid(file, "PNG", expected, words(N_("a picture without one")))
    try:
        content = base64.b64decode(b"".join(found[keyword].split()), validate=True)
    except binascii.Error:
        raise invalid(file, keyword, "base64", words(N_("other text"))) from None
    card = checked(read_json(content, file, keyword), file)
    return replace(card, image=png.without_texts(chunks, CHUNKS))


def _from_charx(data: bytes, file: str) -> Card:
    members = archive.read_archive(data, file)
    content = members.pop(CARD_FILE, None)
    if content is None:
        raise invalid(file, CARD_FILE, words(N_("a card")), words(N_("none")))
    card = checked(read_json(content, file, CARD_FILE), file)
    return replace(card, image=_icon(card, members), assets=members)


def _icon(card: Card, members: Mapping[str, bytes]) -> bytes | None:
    """The main icon, when it came along; nothing is fetched from anywhere."""
    for uri in _icon_uris(card):
        start = next((one for one in _EMBEDDED if uri.startswith(one)), None)
        if start is not None and uri[len(start) :] in members:
            return members[uri[len(start) :]]
        if uri.startswith(_DATA) and ";base64," in uri[:40]:
            picture = _decoded(uri.partition(",")[2])
            if picture is not None:
                return picture
    return next((data for name, data in members.items() if name.startswith(ICON)), None)


def _icon_uris(card: Card) -> Iterator[str]:
    assets: Any = card.data.get("assets")
    given = assets if isinstance(assets, list) else []
    icons = [one for one in given if isinstance(one, dict) and one.get("type") == "icon"]
    for one in sorted(icons, key=lambda icon: icon.get("name") != "main"):
        if isinstance(one.get("uri"), str):
            yield one["uri"]


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None
