"""From the text of a rule file to its rules; whatever is wrong is named with line and field."""

from __future__ import annotations

import yaml

from core.errors import FileInvalid
from core.rooms.speech.checks import CHECKS
from core.rooms.speech.nodes import Nodes, compose
from core.rooms.speech.rules import Filter, FilterGroup, Rules, Tone, ToneCheck, ToneRules
from core.text import LANGUAGES, N_, words

MAX_BYTES = 256 * 1024
ACTIONS = ("mask", "cut")
MAX_SHOWN = 40


def read_rules(content: bytes, file: str) -> Rules:
    """
    Raises:
        FileInvalid: naming line, field and what was expected there.
    """
    if len(content) > MAX_BYTES:
        limit = words(N_("larger than {limit} KB"), limit=MAX_BYTES // 1024)
        raise FileInvalid(file=file, line=1, detail=limit)
    return _Reader(file).read(compose(content, file))


class _Reader(Nodes):
    def __init__(self, file: str) -> None:
        super().__init__(file)
        self._names: set[str] = set()

    def read(self, root: yaml.Node | None) -> Rules:
        if root is None:
            return Rules()
        parts = self.mapping(root, "", ("filters", "tones"))
        groups = self.entries(parts.get("filters"), "filters")
        tones = self.entries(parts.get("tones"), "tones")
        return Rules(
            tuple(self._group(name, node, field) for name, node, field in groups),
            tuple(self._tone(name, node, field) for name, node, field in tones),
        )

    def _group(self, name: str, node: yaml.Node, field: str) -> FilterGroup:
        parts = self.mapping(node, field, ("title", "about", "rules"))
        items = self.items(self.needed(parts, "rules", node, field), f"{field}.rules")
        filters = tuple(self._filter(item, place) for item, place in items)
        title = self.by_language(parts.get("title"), f"{field}.title")
        about = self.by_language(parts.get("about"), f"{field}.about")
        return FilterGroup(name, title, about, filters)

    def _filter(self, node: yaml.Node, field: str) -> Filter:
        parts = self.mapping(node, field, ("name", "pattern", "shown", "action", "check"))
        name = self.text(self.needed(parts, "name", node, field), f"{field}.name")
        if name in self._names:
            self.fail(parts["name"], f"{field}.name", words(N_("“{key}” is taken"), key=name))
        self._names.add(name)
        pattern = self.pattern(self.needed(parts, "pattern", node, field), f"{field}.pattern")
        if pattern.finds_nothing():
            detail = words(N_("it matches an empty text, and so everywhere"))
            self.fail(parts["pattern"], f"{field}.pattern", detail)
        shown = self.text(parts["shown"], f"{field}.shown") if "shown" in parts else f"〔{name}〕"
        if len(shown) > MAX_SHOWN:
            limit = words(N_("at most {limit} characters"), limit=MAX_SHOWN)
            self.fail(parts["shown"], f"{field}.shown", limit)
        action = self.one_of(parts.get("action"), f"{field}.action", ACTIONS) or "mask"
        check = self.one_of(parts.get("check"), f"{field}.check", tuple(CHECKS))
        return Filter(
            name, pattern, shown, "cut" if action == "cut" else "mask", CHECKS.get(check or "")
        )

    def _tone(self, name: str, node: yaml.Node, field: str) -> Tone:
        parts = self.mapping(node, field, ("words", *LANGUAGES))
        named = self.items(self.needed(parts, "words", node, field), f"{field}.words")
        called = frozenset(self.text(item, place).casefold() for item, place in named)
        languages = {
            code: self._tone_rules(parts[code], f"{field}.{code}")
            for code in LANGUAGES
            if code in parts
        }
        return Tone(name, called | {name.casefold()}, languages)

    def _tone_rules(self, node: yaml.Node, field: str) -> ToneRules:
        parts = self.mapping(node, field, ("sentence", "reply", "skip"))
        skip = self.pattern(parts["skip"], f"{field}.skip") if "skip" in parts else None
        sentence, reply = (
            tuple(
                self._tone_check(item, place)
                for item, place in self.items(parts.get(part), f"{field}.{part}")
            )
            for part in ("sentence", "reply")
        )
        return ToneRules(sentence, reply, skip)

    def _tone_check(self, node: yaml.Node, field: str) -> ToneCheck:
        parts = self.mapping(node, field, ("must", "never", "longest"))
        if len(parts) != 1:
            self.fail(
                node,
                field,
                words(N_("expected one of {names}"), names=", ".join(("must", "never", "longest"))),
            )
        ((kind, value),) = parts.items()
        if kind == "longest":
            return ToneCheck(longest=self.number(value, f"{field}.longest"))
        pattern = self.pattern(value, f"{field}.{kind}")
        return ToneCheck(must=pattern) if kind == "must" else ToneCheck(never=pattern)
