"""PNG files as chunks: texts are read, put in and taken out; the picture is never touched.

Nothing is decoded but text: a picture that unfolds into gigabytes costs nothing here.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from core.agents.cards.faults import invalid
from core.text import N_, words

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 5_000  # 32 MB in the usual pieces of 8 KB
MAX_SIDE = 10_000  # pixels
MAX_TEXT_BYTES = 12_000_000  # a card of 8 MB as base64

_HEADER_BYTES = 13
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; `raw` is the whole of it, with length and checksum."""

    kind: bytes
    data: memoryview
    raw: memoryview

    @property
    def keyword(self) -> str | None:
        """What a text chunk calls its text; `None` for other chunks."""
        if self.kind not in _TEXTS:
            return None
        return bytes(self.data[:80]).partition(b"\0")[0].decode("latin-1")


def is_png(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def read_chunks(data: bytes, file: str) -> list[Chunk]:
    """Every chunk up to IEND, each with a right checksum; what follows is left out.

    Raises:
        CardInvalid: it is cut off, damaged, or no picture of a usable size.
    """
    chunks = list(_walk(data, file))
    first = chunks[0] if chunks else None
    if first is None or first.kind != b"IHDR" or len(first.data) != _HEADER_BYTES:
        raise invalid(file, "IHDR", words(N_("the picture's size first")), words(N_("none")))
    width, height = struct.unpack(">II", first.data[:8])
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        expected = words(N_("1 to {n} pixels"), n=MAX_SIDE)
        raise invalid(file, "IHDR", expected, f"{width} × {height}")
    if not any(chunk.kind == b"IDAT" for chunk in chunks):
        raise invalid(file, "IDAT", words(N_("a picture")), words(N_("none")))
    return chunks


def texts(chunks: list[Chunk], keywords: Collection[str], file: str) -> dict[str, bytes]:
    """The first text of each keyword that is there; compressed ones up to a limit.

    Raises:
        CardInvalid: a text is broken or unfolds into too much.
    """
    found: dict[str, bytes] = {}
    for chunk in chunks:
        keyword = chunk.keyword
        if keyword is not None and keyword in keywords and keyword not in found:
            found[keyword] = _text(chunk, keyword, file)
    return found


def with_texts(chunks: list[Chunk], given: Mapping[str, bytes]) -> bytes:
    """The same picture with these texts (as tEXt, before the end) instead of earlier ones."""
    kept = [chunk.raw for chunk in chunks[:-1] if chunk.keyword not in given]
    added = [pack(b"tEXt", key.encode("latin-1") + b"\0" + text) for key, text in given.items()]
    return b"".join((SIGNATURE, *kept, *added, chunks[-1].raw))


def without_texts(chunks: list[Chunk], keywords: Collection[str]) -> bytes:
    """The same picture, with nothing of these keywords and nothing after its end."""
    return b"".join((SIGNATURE, *(one.raw for one in chunks if one.keyword not in keywords)))


def pack(kind: bytes, data: bytes) -> bytes:
    """One chunk."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _walk(data: bytes, file: str) -> Iterator[Chunk]:
    if not is_png(data):
        raise invalid(file, "PNG", words(N_("a PNG picture")), words(N_("something else")))
    view, at = memoryview(data), len(SIGNATURE)
    for number in range(1, MAX_CHUNKS + 1):
        chunk = _one(view, at, number, file)
        yield chunk
        if chunk.kind == b"IEND":
            return
        at += len(chunk.raw)
    expected = words(N_("at most {n} chunks"), n=MAX_CHUNKS)
    raise invalid(file, "PNG", expected, words(N_("more of them")))


def _one(view: memoryview, at: int, number: int, file: str) -> Chunk:
    head = view[at : at + 8]
    if len(head) < 8:
        field = words(N_("chunk {n}"), n=number)
        raise invalid(file, field, words(N_("a whole file up to IEND")), words(N_("its end")))
    (length,), kind = struct.unpack(">I", head[:4]), bytes(head[4:])
    name = kind.decode("ascii", "replace")
    field = words(N_("chunk {n} ({kind})"), n=number, kind=name if name.isalpha() else "?")
    raw = view[at : at + 12 + length]
    if len(raw) < 12 + length:
        found = words(N_("the end of the file"))
        raise invalid(file, field, words(N_("{n} bytes"), n=length), found)
    if zlib.crc32(raw[4:-4]) != struct.unpack(">I", raw[-4:])[0]:
        expected = words(N_("its own checksum"))
        raise invalid(file, field, expected, words(N_("another one (the file is damaged)")))
    return Chunk(kind, raw[8:-4], raw)


def _text(chunk: Chunk, keyword: str, file: str) -> bytes:
    body = chunk.data[len(keyword.encode("latin-1")) + 1 :]
    if chunk.kind == b"tEXt":
        return _bounded(body, keyword, file)
    if chunk.kind == b"zTXt":
        return _inflated(body[1:], keyword, file)
    compressed, rest = bytes(body[:1]) == b"\1", bytes(body[2:])
    text = rest.partition(b"\0")[2].partition(b"\0")[2]  # after language and translated keyword
    if compressed:
        return _inflated(memoryview(text), keyword, file)
    return _bounded(text, keyword, file)


def _bounded(text: bytes | memoryview, keyword: str, file: str) -> bytes:
    if len(text) > MAX_TEXT_BYTES:
        raise _too_long(keyword, file)
    return bytes(text)


def _inflated(packed: memoryview, keyword: str, file: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, MAX_TEXT_BYTES + 1)
    except zlib.error:
        expected = words(N_("a compressed text"))
        raise invalid(file, keyword, expected, words(N_("other bytes"))) from None
    if len(text) > MAX_TEXT_BYTES:
        raise _too_long(keyword, file)
    if not unpacker.eof:
        raise invalid(file, keyword, words(N_("a compressed text")), words(N_("a part of one")))
    return text


def _too_long(keyword: str, file: str) -> Exception:
    expected = words(N_("at most {n} MB"), n=MAX_TEXT_BYTES // 1_000_000)
    return invalid(file, keyword, expected, words(N_("a larger one")))
