"""The one renderer of text that somebody else wrote.

A text is parsed as CommonMark and written anew: every mark of punctuation in it is escaped,
and what would load or lead outside (images, links, bare addresses, raw HTML) becomes plain
words with the address as code. So nothing in it can become an element or a request, whatever
Streamlit's own Markdown learns next.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import streamlit as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

Width = Literal["stretch", "content"] | int

# Longer texts are shown as they are, in one plain block: parsing must not freeze a screen.
LONGEST = 60_000
DEEPEST = 12

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_ADDRESS = re.compile(
    r"(?:(?:https?|ftp|wss?|file)://|www\.)[^\s<>「」『』（）、。]+", re.IGNORECASE
)
_ADDRESS_HEAD = re.compile(r"://|www\.", re.IGNORECASE)
# Streamlit turns :name: and :name[…] into icons and colours after parsing, where a backslash
# no longer helps; an invisible joiner between colon and word does.
_SHORTCODE = re.compile(r":(?=[A-Za-z0-9_+\-/]+[:\[])")
_JOINER = "\u2060"
# An address of mail would become a link as well.
_MAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.[\w-])")
_CONTROL = [*range(0, 9), 11, 12, *range(14, 32), *range(127, 160), 0x2028, 0x2029]
# Signs that turn the reading direction would reach beyond the text that they stand in.
_TURNING = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_BREAKERS: dict[int, str | None] = {**dict.fromkeys(_CONTROL, " "), **dict.fromkeys(_TURNING)}


def plain(text: str) -> str:
    """`text` as one line of Markdown that shows exactly these letters, in labels too."""
    line = bare(text)
    # No code here: a bracket inside one would end the :colour[label] that this stands in.
    return _words(_ADDRESS_HEAD.sub(lambda head: _JOINER.join(head.group()), line))


def bare(text: str) -> str:
    """`text` as one line, for places that know no Markdown: titles, placeholders."""
    return " ".join(text.translate(_BREAKERS).split())


def unmarked(text: str, most: int) -> str:
    """The first `most` letters of a Markdown text on one line, as they are read: no marks."""
    head = text[: 4 * most]
    parts = []
    for token in _parser().parse(head):
        inside = token.children if token.children is not None else [token]
        parts.append("".join(" " if "break" in part.type else part.content for part in inside))
    words = bare(" ".join(parts))
    return words[:most] + ("…" if len(words) > most or len(text) > len(head) else "")


def quiet(text: str, *, width: Width = "stretch") -> None:
    """Draw small grey Markdown. (`st.caption` has a contrast below 4.5 on this paper.)"""
    st.markdown("\n".join(f":small[:gray[{line}]]" for line in text.split("\n")), width=width)


@lru_cache(maxsize=2048)
def safe(text: str) -> str:
    """`text` as Markdown that keeps its shape and can neither act nor load anything."""
    text = text.translate(_BREAKERS)
    if len(text) > LONGEST:
        return _fenced(text, "")
    return _Writer().blocks(_parser().parse(text))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    # What cannot be a link or raw HTML is not looked for: it stays the text that it is.
    return parser.disable(["html_block", "html_inline", "autolink", "entity"])


def _escaped(text: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _ADDRESS.finditer(text):
        parts += [_words(text[end : match.start()]), _code(match.group())]
        end = match.end()
    parts.append(_words(text[end:]))
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """The parts in a row; two pieces of code never touch, or their marks would merge."""
    text = ""
    for part in parts:
        touching = text.endswith("`") and part.startswith("`")
        text += _JOINER + part if touching else part
    return text


def _words(text: str) -> str:
    text = _MAIL.sub("@" + _JOINER, _SHORTCODE.sub(":" + _JOINER, text))
    return _PUNCTUATION.sub(r"\\\1", text)


def _code(text: str) -> str:
    text = text.replace("\n", " ")
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{ticks}{padding}{text}{padding}{ticks}"


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{re.sub(r'[^A-Za-z0-9+#-]', '', language)[:20]}\n{text.rstrip()}\n{fence}"


class _Writer:
    """Writes a token list back as Markdown, indenting what stands inside lists and quotes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.prefix: list[str] = []
        self.marker: str | None = None
        self.numbers: list[int | None] = []
        self.tight = False  # inside a list whose items stand close together

    def blocks(self, tokens: list[Token]) -> str:
        position = 0
        while position < len(tokens):
            if tokens[position].type == "table_open":
                position = self._table(tokens, position)
            else:
                self._block(tokens, position)
                position += 1
        return "\n".join(self.lines).strip("\n")

    def _block(self, tokens: list[Token], position: int) -> None:
        token = tokens[position]
        handler = getattr(self, "_" + token.type, None)
        if handler is not None:
            handler(token)
        elif token.type == "inline":
            before = tokens[position - 1]
            mark = "#" * min(6, int(before.tag[1]) + 2) + " " if before.tag[:1] == "h" else ""
            self._write(mark + _inline(token.children or [], single_line=bool(mark)))

    def _write(self, text: str) -> None:
        if self.marker is None:
            self._gap()
        for line in text.split("\n"):
            self.lines.append(self._start() + line)

    def _gap(self) -> None:
        blank = "".join(self.prefix).rstrip()
        if self.lines and self.lines[-1] != blank:
            self.lines.append(blank)

    def _start(self) -> str:
        if self.marker is None:
            return "".join(self.prefix)
        start = "".join(self.prefix[:-1]) + self.marker
        self.marker = None
        return start

    def _fence(self, token: Token) -> None:
        self._write(_fenced(token.content, token.info))

    def _code_block(self, token: Token) -> None:
        self._write(_fenced(token.content, ""))

    def _hr(self, _token: Token) -> None:
        self._write("---" if self.lines else "\u2014")

    def _blockquote_open(self, _token: Token) -> None:
        if self.marker is not None:
            self.lines.append(self._start())
        else:
            self._gap()
        self.prefix.append("> ")
        self.marker = "> "  # the gap stands before the quote, not in it

    def _blockquote_close(self, _token: Token) -> None:
        self._end_block()

    def _bullet_list_open(self, _token: Token) -> None:
        self._open_list(None)

    def _ordered_list_open(self, token: Token) -> None:
        self._open_list(int(token.attrGet("start") or 1))

    def _open_list(self, number: int | None) -> None:
        if self.marker is None and not self.numbers:
            self._gap()
        self.numbers.append(number)
        self.tight = True

    def _bullet_list_close(self, _token: Token) -> None:
        self.numbers.pop()
        self.tight = bool(self.numbers)

    _ordered_list_close = _bullet_list_close

    def _list_item_open(self, _token: Token) -> None:
        if self.marker is not None:  # a list that begins in an item without words of its own
            self.lines.append(self._start())
        number = self.numbers[-1]
        marker = "- " if number is None else f"{number}. "
        if number is not None:
            self.numbers[-1] = number + 1
        if not self.tight:
            self._gap()
        self.prefix.append(" " * len(marker))
        self.marker = marker

    def _list_item_close(self, _token: Token) -> None:
        self._end_block()

    def _end_block(self) -> None:
        if self.marker is not None:  # it had no words
            self.lines.append(self._start())
        self.prefix.pop()

    def _table(self, tokens: list[Token], position: int) -> int:
        rows: list[list[str]] = []
        while tokens[position].type != "table_close":
            token = tokens[position]
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append(_inline(token.children or [], single_line=True))
            position += 1
        header, *body = rows
        lines = [header, ["---"] * len(header), *body]
        self._write("\n".join("| " + " | ".join(line) + " |" for line in lines))
        return position + 1


def _inline(tokens: list[Token], *, single_line: bool = False) -> str:
    parts: list[str] = []
    links: list[str] = []
    for token in tokens:
        if token.type == "text":
            parts.append(_escaped(token.content))
        elif token.type == "code_inline":
            parts.append(_code(token.content).replace("|", "\u2502" if single_line else "|"))
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" " if single_line else "  \n")
        elif token.type == "image":
            parts.append(_pointer(token.content, token.attrGet("src")))
        elif token.type == "link_open":
            links.append(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            parts.append(_pointer("", links.pop()))
        elif token.markup in ("*", "_", "**", "__", "~~"):
            parts.append({"_": "*", "__": "**"}.get(token.markup, token.markup))
    return _joined(parts)


def _pointer(words: str, address: object) -> str:
    return _joined([f"{_escaped(words)} " if words else "", _code(str(address or "?"))])
