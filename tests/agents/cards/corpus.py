"""Cards as they come from other programs: made here, from seeds, in every form."""

from __future__ import annotations

import base64
import io
import json
import random
import zipfile
import zlib
from typing import Any

from core.agents.cards import png

SPECS = {"chara_card_v2": "2.0", "chara_card_v3": "3.0"}
WORDS = (
    *("calm", "harbour", "縁側", "お茶", "😀", "👩\u200d🚀", "𝔘𝔫𝔦", "naïve", "{{char}}"),
    *("{{user}}", "<START>", '"quoted"', "back\\slash", "tab\there", "line\nbreak", "{% if %}"),
    *("&amp;", "***", "#", "- x", "---", "a: b", "\u00a0", "é", "\u202e", "null", "true", "1e5"),
    *("🇯🇵", "\u2028", "\r\n", ": "),
)
TEXTS = (
    *("description", "personality", "scenario", "first_mes", "mes_example", "creator_notes"),
    *("system_prompt", "post_history_instructions", "creator", "character_version"),
)


def some_text(chance: random.Random, longest: int = 30) -> str:
    if chance.random() < 0.2:
        return ""
    return chance.choice(("", " ", "\n")) + " ".join(
        chance.choice(WORDS) for _ in range(chance.randint(1, longest))
    )


def some_json(chance: random.Random, depth: int = 3) -> Any:
    """Anything that an unknown extension may hold."""
    if depth and chance.random() < 0.5:
        if chance.random() < 0.5:
            return [some_json(chance, depth - 1) for _ in range(chance.randint(0, 4))]
        return {
            f"{chance.choice(WORDS)}{number}": some_json(chance, depth - 1)
            for number in range(chance.randint(0, 4))
        }
    whole = (0, -1, 2**53 + 1, 10**40, -(10**40))
    broken = (0.1, -0.0, 1e-300, 1.7976931348623157e308, 1.0, 3.141592653589793)
    return chance.choice((None, True, False, "", "\ud83d", some_text(chance), *whole, *broken))


def some_entry(chance: random.Random, number: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "keys": [some_text(chance, 2) for _ in range(chance.randint(0, 4))],
        "content": some_text(chance),
        "extensions": some_json(chance, 1) if chance.random() < 0.3 else {},
        "enabled": chance.random() < 0.9,
        "insertion_order": chance.choice((number, -number, 1.5)),
    }
    optional = {
        "case_sensitive": chance.random() < 0.5,
        "name": some_text(chance, 3),
        "priority": chance.randint(-9, 9),
        "id": chance.choice((number, str(number))),
        "comment": some_text(chance, 5),
        "selective": chance.random() < 0.5,
        "secondary_keys": [some_text(chance, 1)],
        "constant": chance.random() < 0.1,
        "position": chance.choice(("before_char", "after_char", "")),
        "use_regex": chance.random() < 0.2,
        "x_unknown": some_json(chance, 1),
    }
    return entry | {name: value for name, value in optional.items() if chance.random() < 0.6}


def some_book(chance: random.Random, entries: int) -> dict[str, Any]:
    book: dict[str, Any] = {
        "extensions": {},
        "entries": [some_entry(chance, number) for number in range(entries)],
    }
    optional = {
        "name": some_text(chance, 3),
        "description": some_text(chance, 9),
        "scan_depth": chance.randint(0, 100),
        "token_budget": chance.choice((0, 500, 2048.0)),
        "recursive_scanning": chance.random() < 0.5,
    }
    return book | {name: value for name, value in optional.items() if chance.random() < 0.6}


def some_card(seed: int, spec: str | None = None, entries: int | None = None) -> dict[str, Any]:
    """A card of this seed; every optional field is there in half of them."""
    chance = random.Random(seed)
    spec = spec or chance.choice(list(SPECS))
    data: dict[str, Any] = {
        "name": f"{chance.choice(('Ren', '蓮', '😀', 'AC/DC', 'O. K.'))} {seed}"
    }
    data |= {name: some_text(chance) for name in TEXTS}
    data["alternate_greetings"] = [some_text(chance) for _ in range(chance.randint(0, 5))]
    data["tags"] = [some_text(chance, 1) for _ in range(chance.randint(0, 5))]
    data["extensions"] = _extensions(chance)
    if chance.random() < 0.5 or entries is not None:
        count = chance.randint(0, 9) if entries is None else entries
        data["character_book"] = some_book(chance, count)
    if spec == "chara_card_v3":
        data |= _of_version_3(chance)
    card: dict[str, Any] = {"spec": spec, "spec_version": SPECS[spec], "data": data}
    if chance.random() < 0.4:  # some programs repeat version 1 above it
        card |= {name: data[name] for name in ("name", "description", "first_mes")}
        card |= {"talkativeness": "0.5", "create_date": "2024-1-2", "avatar": "none"}
    return card


def _extensions(chance: random.Random) -> dict[str, Any]:
    given: dict[str, Any] = {
        "talkativeness": chance.choice(("0.5", 0.3, "often", None, 7)),
        "fav": False,
        "world": some_text(chance, 2),
        "depth_prompt": {"prompt": some_text(chance), "depth": 4, "role": "system"},
        "agnai/voice": some_json(chance),
        "": some_json(chance),
        "engawa": chance.choice((None, {}, {"roles": ["teacher"], "unknown": [1]}, "x")),
    }
    return {name: value for name, value in given.items() if chance.random() < 0.6}


def _of_version_3(chance: random.Random) -> dict[str, Any]:
    optional = {
        "nickname": some_text(chance, 2),
        "assets": [
            {"type": "icon", "uri": "ccdefault:", "name": "main", "ext": "png"},
            {"type": "x_other", "uri": "embeded://assets/other/a.bin", "name": "", "ext": "bin"},
        ],
        "creator_notes_multilingual": {"en": some_text(chance), "ja": "説明"},
        "source": ["https://example.org/card"],
        "creation_date": 1_700_000_000,
        "modification_date": 1_700_000_000.5,
        "x_future": some_json(chance),
    }
    given = {name: value for name, value in optional.items() if chance.random() < 0.6}
    return given | {"group_only_greetings": [some_text(chance) for _ in range(2)]}


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and 1.0 and true differ, and so do 0.0 and -0.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def picture(side: int = 2, extra: bytes = b"") -> bytes:
    """A small PNG; `extra` are chunks before its end."""
    head = side.to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    rows = zlib.compress(
        b"".join(b"\0" + bytes((row * 7 % 256, 9, 3)) * side for row in range(side))
    )
    body = png.pack(b"IHDR", head) + png.pack(b"gAMA", b"\0\0\xb1\x8f") + png.pack(b"IDAT", rows)
    return png.SIGNATURE + body + extra + png.pack(b"IEND", b"")


def text_chunk(keyword: str, text: bytes, kind: str = "tEXt") -> bytes:
    key = keyword.encode() + b"\0"
    bodies = {
        "tEXt": key + text,
        "zTXt": key + b"\0" + zlib.compress(text),
        "iTXt": key + b"\0\0en\0\0" + text,
        "iTXt packed": key + b"\1\0\0\0" + zlib.compress(text),
    }
    return png.pack(kind[:4].encode(), bodies[kind])


def packed(card: Any) -> bytes:
    return base64.b64encode(json.dumps(card).encode())


def as_json(card: Any, **how: Any) -> bytes:
    return json.dumps(card, **how).encode()


def as_png(card: Any, kind: str = "tEXt") -> bytes:
    keyword = "ccv3" if card["spec"] == "chara_card_v3" else "chara"
    return picture(extra=text_chunk(keyword, packed(card), kind))


def as_charx(card: Any, files: dict[str, bytes] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", as_json(card))
        for name, content in (files or {}).items():
            archive.writestr(name, content)
    return made.getvalue()
