"""Files that want to do harm: refused with a reason, nothing written, no memory taken."""

from __future__ import annotations

import base64
import io
import json
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.agents import Agents
from core.agents.cards import archive, plain_json, png
from core.agents.cards.exchange import import_file
from core.agents.cards.reading import read_card
from core.errors import CardInvalid, FileInvalid
from tests.agents.cards import corpus

CARD = corpus.some_card(1, "chara_card_v2")
MB = 1_000_000


@contextmanager
def flat(limit_bytes: int) -> Iterator[None]:
    """What the block takes at its worst stays below a limit."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit_bytes
    finally:
        tracemalloc.stop()


def refused(data: bytes, name: str = "card.x") -> CardInvalid:
    with pytest.raises(CardInvalid) as found:
        read_card(data, name)
    said = found.value.message()
    assert said.startswith(f"{name}, ")
    assert "expected" in said
    assert "found" in said
    return found.value


@pytest.fixture
def canary(agents: Agents, folder: Path) -> Iterator[Callable[[], None]]:
    """Files around and in the agents' folder that nobody may touch."""
    (folder.parent / "canary").write_text("here")
    (folder / "canary.md").write_text("---\nname: Canary\n---\nhere")
    before = {path: path.read_bytes() for path in folder.parent.rglob("*canary*")}
    known = sorted(folder.parent.rglob("*"))

    def check() -> None:
        assert {path: path.read_bytes() for path in folder.parent.rglob("*canary*")} == before
        assert sorted(path for path in folder.parent.rglob("*") if ".db" not in path.name) == [
            path for path in known if ".db" not in path.name
        ]

    yield check
    check()


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start", [b'{"spec": "', png.SIGNATURE, b"PK\3\4", b"\0"], ids=["json", "png", "zip", "nothing"]
)
def test_a_card_of_100_mb(start: bytes) -> None:
    data = start + bytes(100 * MB)
    with flat(1 * MB):
        assert "32 MB" in refused(data).message()


def test_json_of_many_small_values() -> None:
    with flat(40 * MB):
        refused(b'{"a": [' + b"[]," * 2_000_000 + b"[]]}")


def test_a_bomb_in_a_compressed_text() -> None:
    for kind in ("zTXt", "iTXt packed"):
        chunk = corpus.text_chunk("chara", b"A" * 60 * MB, kind)
        with flat(40 * MB):
            assert "12 MB" in refused(corpus.picture(extra=chunk)).message()


def test_a_bomb_in_the_picture_costs_nothing() -> None:
    rows = zlib.compress(bytes(50 * MB))
    with flat(5 * MB):
        read_card(corpus.picture(extra=png.pack(b"IDAT", rows))[:-12]
                  + corpus.text_chunk("chara", corpus.packed(CARD))
                  + png.pack(b"IEND", b""), "x.png")  # fmt: skip


def test_a_bomb_in_an_archive() -> None:
    bombs = (
        {"a.bin": bytes(15 * MB)},
        {f"{n}.bin": bytes(900_000) for n in range(60)},
        {"a.bin": bytes(17 * MB)},
    )
    for bomb in bombs:
        data = corpus.as_charx(CARD, bomb)
        with flat(3 * MB):
            refused(data, "card.charx")


def test_too_many_members() -> None:
    data = corpus.as_charx(CARD, {f"{n}": b"" for n in range(1_000)})
    with flat(3 * MB):
        assert "1000 files" in refused(data, "card.charx").message()


def test_a_million_entries() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *(20, 0, 20, 0), *[0] * 4, *[0] * 3, 1,
                        *[0] * 4, *[0] * 2) + b"a"  # fmt: skip
    directory = entry * 600_000
    for count in (0, 65_535, 600_000 % 65_536):
        end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), 0, 0)
        data = directory + end
        with flat(1 * MB):
            refused(data, "card.charx")


# --- broken pictures ------------------------------------------------------------------------------


def borders(data: bytes) -> list[int]:
    at, found = len(png.SIGNATURE), [0, 4, len(png.SIGNATURE)]
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        found += [at + 4, at + 8, at + 8 + length, at + 12 + length]
        at += 12 + length
    return found[:-1]


@pytest.mark.parametrize("kind", ["tEXt", "iTXt packed"])
def test_a_picture_cut_at_every_border(kind: str) -> None:
    data = corpus.as_png(corpus.some_card(2), kind)
    for at in sorted({*borders(data), *range(0, len(data) - 1, 97)}):
        refused(data[:at])


def test_every_flipped_bit_of_a_chunk_is_seen() -> None:
    card = {"spec": "chara_card_v2", "data": {"name": "A"}}
    data = bytearray(corpus.picture(extra=corpus.text_chunk("chara", corpus.packed(card))))
    assert read_card(bytes(data), "x.png").text("name") == "A"
    for at in range(len(png.SIGNATURE), len(data)):
        data[at] ^= 0x10
        refused(bytes(data))
        data[at] ^= 0x10


def head(width: int, height: int) -> bytes:
    return png.pack(b"IHDR", struct.pack(">II", width, height) + bytes((8, 2, 0, 0, 0)))


END = png.pack(b"IEND", b"")
DATA = png.pack(b"IDAT", zlib.compress(bytes(7)))
CHARA = corpus.text_chunk("chara", corpus.packed(CARD))
BROKEN_PNG = {
    "no header": DATA + CHARA + END,
    "header too short": png.pack(b"IHDR", b"\0\0\0\1") + DATA + CHARA + END,
    "no width": head(0, 1) + DATA + CHARA + END,
    "a pixel bomb": head(2**31 - 1, 2**31 - 1) + DATA + CHARA + END,
    "no picture": head(1, 1) + CHARA + END,
    "no end": head(1, 1) + DATA + CHARA,
    "no card": head(1, 1) + DATA + END,
    "not base64": head(1, 1) + DATA + corpus.text_chunk("chara", b"%%%") + END,
    "not JSON": head(1, 1) + DATA + corpus.text_chunk("chara", base64.b64encode(b"no")) + END,
    "a broken newer card": head(1, 1) + DATA + CHARA + corpus.text_chunk("ccv3", b"e30=") + END,
    "cut text": head(1, 1) + DATA + png.pack(b"zTXt", b"chara\0\0" + zlib.compress(b"x")[:3]) + END,
    "wrong text": head(1, 1) + DATA + png.pack(b"zTXt", b"chara\0\0nothing") + END,
    "chunk bomb": head(1, 1) + DATA + png.pack(b"tIME", b"") * 5_001 + CHARA + END,
    "a length beyond": head(1, 1) + struct.pack(">I", 2**32 - 1) + b"tEXtchara\0",
}


@pytest.mark.parametrize("case", BROKEN_PNG)
def test_broken_pictures(case: str, agents: Agents, canary: Callable[[], None]) -> None:
    data = png.SIGNATURE + BROKEN_PNG[case]
    with flat(30 * MB):
        refused(data, "broken.png")
    with pytest.raises(CardInvalid):
        import_file(agents, data, "broken.png")
    canary()


# --- broken JSON ----------------------------------------------------------------------------------

DEEP = "[" * 100_000
BROKEN_JSON: list[tuple[bytes, str]] = [
    (b"{", "line 1"),
    (b'{\n\n"spec": nope}', "line 3"),
    (
        b'{"spec": "chara_card_v2", "data": {"name": "A",\n"name": "B"}}',
        "line 2: expected each key",
    ),
    (b'{"a": {"b": 1}, "c": {"b": 1},\n "a": 2}', "line 2"),
    (b'{"a": 1,\n"b": NaN}', "line 2"),
    (b'{"a": [1,\n\n-Infinity]}', "line 3"),
    (b'{"a": 1,\n"b": 1e999}', "line 2"),
    (b'{"a":\n' + b"9" * 5_000 + b"}", "line 2"),
    (b'{"a":\n' + DEEP.encode() + b"}", "line 2"),
    (b'{"a": ' + b'{"a":' * 70 + b"1" + b"}" * 70 + b"}", "64 levels"),
    (b'{\n"a": "\xff"}', "line 2"),
    (b'{"name": "A"}', "spec"),
    (b'{"spec": "chara_card_v9", "data": {"name": "A"}}', "chara_card_v9"),
    (b'{"spec": "chara_card_v2"}', "data"),
    (b'{"spec": "chara_card_v2", "data": []}', "data"),
    (b'{"spec": "chara_card_v2", "data": {}}', "data.name"),
    (b'{"spec": "chara_card_v2", "data": {"name": " "}}', "data.name"),
    (b'{"spec": "chara_card_v2", "data": {"name": 7}}', "data.name"),
    (b'{"spec": ["chara_card_v2"], "data": {"name": "A"}}', "spec"),
]
WRONG_FIELDS: list[tuple[str, Any, str]] = [
    ("description", 7, "data.description"),
    ("first_mes", ["x"], "data.first_mes"),
    ("alternate_greetings", "x", "data.alternate_greetings"),
    ("alternate_greetings", ["x", 7], "data.alternate_greetings[1]"),
    ("extensions", [], "data.extensions"),
    ("character_book", "x", "data.character_book"),
    ("character_book", {"name": "x"}, "data.character_book.entries"),
    ("character_book", {"entries": {"0": {}}}, "data.character_book.entries"),
    ("character_book", {"entries": [{}, 1]}, "data.character_book.entries[1]"),
]


@pytest.mark.parametrize(("data", "said"), BROKEN_JSON)
def test_broken_json_names_the_place(data: bytes, said: str) -> None:
    assert said in refused(data, "a.json").message()


@pytest.mark.parametrize(("name", "value", "said"), WRONG_FIELDS)
def test_a_wrong_field_is_named(name: str, value: Any, said: str) -> None:
    card = {**CARD, "data": {**CARD["data"], name: value}}
    assert f"{said}: " in refused(corpus.as_json(card)).message()


def test_absent_and_null_fields_are_fine(agents: Agents) -> None:
    names = (*corpus.TEXTS, "alternate_greetings", "tags", "extensions", "character_book")
    card = {"spec": "chara_card_v3", "data": {"name": "A", **dict.fromkeys(names)}}
    assert import_file(agents, corpus.as_json(card), "a.json").name == "A"


def test_a_lone_surrogate_is_kept() -> None:
    content = b'{"a": "\\ud83d x \\ude00 \\ud83d\\ude00"}'
    value = plain_json.read_json(content, "a.json")
    assert value == {"a": "\ud83d x \ude00 😀"}
    assert json.loads(plain_json.encode(value)) == value


def test_more_text_than_an_agents_file_takes(agents: Agents, canary: Callable[[], None]) -> None:
    card = {**CARD, "data": {**CARD["data"], "description": "x" * 300_000}}
    with pytest.raises(CardInvalid, match="its text"):
        import_file(agents, corpus.as_json(card), "long.json")
    canary()


def test_an_anchor_bomb(agents: Agents, canary: Callable[[], None]) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    bomb = "a: &a [x, x]\n" + "\n".join(
        f"{after}: &{after} [*{before}, *{before}]" for before, after in pairwise(letters)
    )
    data = f"---\nname: Bomb\n{bomb}\n---\n".encode()
    with flat(5 * MB), pytest.raises(FileInvalid, match=r"bomb\.md, line 4"):
        import_file(agents, data, "bomb.md")
    canary()


# --- archives -------------------------------------------------------------------------------------

HOSTILE = [
    "../canary", "../../canary", "a/../../canary", "/canary", "//canary", "/etc/passwd",
    "..", ".", "", "./canary", "a/./b", "a//b", "a/..", "a/../b", " ", " /a", "a/ /b", "...",
    "..\\canary", "a\\..\\canary", "\\canary", "\\\\server\\share\\canary", "C:\\canary",
    "C:canary", "c:/canary", "file:///canary", "canary:stream", "canary.md::$DATA",
    "\\\\?\\C:\\canary", "\\\\.\\pipe\\x", "a\0b", "\0", "../canary\0.png", "a\nb", "a\rb", "a\tb",
    "a\x1b[31m", "\x7f", "\u202egnp.a", "\u200b", "a\u2066b", "\ufeffa", "x" * 256,
    "../" * 40 + "canary",
    "a/" * 200 + "b", "..\u002f..\u002fcanary", "../canary.md", "../agents/canary.md", "a/\u0085/b",
]  # fmt: skip
PREFIXES = ("assets/", "assets/icon/images/", "x/")
HOSTILE_PATHS = [
    *HOSTILE,
    *(f"{prefix}{name}" for prefix in PREFIXES for name in HOSTILE[:40] if name),
]


def sizes(key: bytes, body: bytes, flags: int, method: int) -> bytes:
    """What a member's two headers have in common."""
    numbers = (20, flags, method, 0, 33, zlib.crc32(body), len(body), len(body), len(key), 0)
    return struct.pack("<HHHHHIIIHH", *numbers)


def local(key: bytes, body: bytes, flags: int = 0x800, method: int = 0) -> bytes:
    return b"PK\3\4" + sizes(key, body, flags, method) + key + body


def listed(
    key: bytes, body: bytes, at: int, attributes: int = 0, flags: int = 0x800, method: int = 0
) -> bytes:
    tail = struct.pack("<HHHII", 0, 0, 0, attributes, at)
    return b"PK\1\2" + struct.pack("<H", 0x314) + sizes(key, body, flags, method) + tail + key


def ended(made: bytes, *directory: bytes) -> bytes:
    count, size = len(directory), sum(map(len, directory))
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, len(made), 0)
    return made + b"".join(directory) + end


def raw_archive(
    name: bytes, content: bytes = b"evil", attributes: int = 0, flags: int = 0x800, method: int = 0
) -> bytes:
    """An archive with a member that `zipfile` would not write so, and a good card before it."""
    card = corpus.as_json(CARD)
    first = local(b"card.json", card)
    made = first + local(name, content, flags, method)
    odd = listed(name, content, len(first), attributes, flags, method)
    return ended(made, listed(b"card.json", card, 0), odd)


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE_PATHS)) >= 100
    assert "x.png" in archive.read_archive(raw_archive(b"x.png"), "x")


def test_hostile_paths_in_an_archive(agents: Agents, canary: Callable[[], None]) -> None:
    for path in HOSTILE_PATHS:
        data = raw_archive(path.encode("utf-8", "surrogatepass"))
        refused(data, "evil.charx")
        with pytest.raises(CardInvalid):
            import_file(agents, data, "evil.charx")
    canary()


def test_hostile_paths_as_names(agents: Agents, folder: Path) -> None:
    def around() -> list[Path]:
        found = (path for path in folder.parent.rglob("*") if path.parent != folder)
        return [path for path in found if ".db" not in path.name]

    before = around()
    for path in HOSTILE:
        card = {**CARD, "data": {**CARD["data"], "name": path}}
        try:
            agent = import_file(agents, corpus.as_json(card), f"{path}.json")
        except CardInvalid:
            continue  # nothing of it can be seen
        assert (folder / agent.file).is_file()
        assert not {"/", "\\"} & set(agent.name), path
        assert {file.suffix for file in folder.iterdir()} == {".md", ".json"}, path
        agents.delete(agent.name)
    assert around() == before


KINDS = {
    "a link": stat.S_IFLNK,
    "a device": stat.S_IFCHR,
    "a pipe": stat.S_IFIFO,
    "a folder in disguise": stat.S_IFDIR,
}


@pytest.mark.parametrize("kind", KINDS)
def test_members_that_are_no_plain_files(kind: str) -> None:
    data = raw_archive(b"assets/a", b"/etc/passwd", (KINDS[kind] | 0o777) << 16)
    assert "plain file" in refused(data, "evil.charx").message()


@pytest.mark.parametrize(("name"), [b"card.json", b"CARD.JSON", b"Card.json"])
def test_a_name_given_twice(name: bytes) -> None:
    assert "twice" in refused(raw_archive(name), "evil.charx").message()


def test_encrypted_unusual_and_damaged_members() -> None:
    refused(raw_archive(b"a", flags=1), "evil.charx")
    refused(raw_archive(b"a", method=99), "evil.charx")
    refused(raw_archive(b"a", method=12), "evil.charx")
    good = raw_archive(b"assets/a", b"unchanged content")
    refused(good.replace(b"unchanged content", b"otherwise content"), "evil.charx")


def test_members_that_share_their_bytes() -> None:
    card, shared = corpus.as_json(CARD), b"x" * 50
    inner = local(b"assets/b", shared)
    first, outer = local(b"card.json", card), local(b"assets/a", inner)
    at = len(first) + len(outer) - len(inner)
    entries = [listed(b"card.json", card, 0), listed(b"assets/a", inner, len(first))]
    assert "assets/a" in archive.read_archive(ended(first + outer, *entries), "x")
    data = ended(first + outer, *entries, listed(b"assets/b", shared, at))
    assert "shared" in refused(data, "evil.charx").message()


def test_an_archive_cut_everywhere() -> None:
    data = corpus.as_charx(CARD, {"assets/a.bin": bytes(range(256)) * 4})
    for at in range(4, len(data) - 1, 31):
        refused(data[:at], "cut.charx")


def test_an_archive_without_a_card() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("other.json", "{}")
    assert "card.json" in refused(made.getvalue(), "a.charx").message()


def test_every_flipped_byte_of_an_archive_is_refused_or_harmless() -> None:
    data = bytearray(corpus.as_charx(CARD, {"assets/a.bin": b"content"}))
    for at in range(0, len(data), 3):
        before, data[at] = data[at], data[at] ^ 0xFF
        with suppress(CardInvalid):
            read_card(bytes(data), "a.charx")
        data[at] = before
