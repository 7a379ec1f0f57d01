"""Lorebooks: which entries come, in which order, within which budget, and what cannot hurt."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core.agents.lore_scan import MAX_ROUNDS, activate
from core.agents.lorebook import Lorebook


def entry(content: str, *keys: str, **fields: Any) -> dict[str, Any]:
    return {"content": content, "keys": list(keys), "enabled": True, "extensions": {}, **fields}


def book(*entries: dict[str, Any], **fields: Any) -> Lorebook:
    return Lorebook.from_card({"entries": list(entries), "extensions": {}, **fields})


def found(lore: Lorebook, *texts: str, **given: Any) -> list[str]:
    return [one.content for one in activate(lore, texts, **given).entries]


AND_ANY, NOT_ALL, NOT_ANY, AND_ALL = ({"selectiveLogic": number} for number in range(4))


@pytest.mark.parametrize(
    ("fields", "text", "comes"),
    [
        ({}, "The CASTLE is old", True),
        ({}, "The house is old", False),
        ({"case_sensitive": True}, "The CASTLE is old", False),
        ({"case_sensitive": True}, "The castle is old", True),
        ({"enabled": False}, "castle", False),
        ({"enabled": False, "constant": True}, "castle", False),
        ({"constant": True}, "nothing", True),
        ({"selective": True, "secondary_keys": ["moon"]}, "castle", False),
        ({"selective": True, "secondary_keys": ["moon"]}, "castle, moon", True),
        ({"selective": False, "secondary_keys": ["moon"]}, "castle", True),
        ({"selective": True, "secondary_keys": []}, "castle", True),
        ({"selective": True, "secondary_keys": "moon, sun"}, "castle, sun", True),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": AND_ALL},
            "castle a1",
            False,
        ),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": AND_ALL},
            "castle a1 b1",
            True,
        ),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": NOT_ALL},
            "castle a1 b1",
            False,
        ),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": NOT_ALL},
            "castle a1",
            True,
        ),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": NOT_ANY},
            "castle b1",
            False,
        ),
        (
            {"selective": True, "secondary_keys": ["a1", "b1"], "extensions": NOT_ANY},
            "castle",
            True,
        ),
        ({"selective": True, "secondary_keys": ["a1"], "extensions": AND_ANY}, "castle a1", True),
    ],
)
def test_when_an_entry_comes(fields: dict[str, Any], text: str, comes: bool) -> None:
    assert found(book(entry("x", "castle", **fields)), text) == (["x"] if comes else [])


@pytest.mark.parametrize(
    ("key", "text", "comes"),
    [
        (r"cast(le|ing)", "the Casting", True),
        (r"/cast(le|ing)/", "the Casting", False),
        (r"/cast(le|ing)/i", "the Casting", True),
        (r"/^moon$/m", "sun\nmoon\nstars", True),
        (r"/a.c/s", "a\nc", True),
        (r"\bdragon(?=s)", "dragons", True),
        (r"(?<who>Ren) sings", "Ren sings", True),
        (r"竜|龍", "龍が来た", True),
        (r"(unclosed", "(unclosed", False),
        (r"x{1,99999}", "xxx", False),
        (r"(?e)(?:abc){e<=3}", "abc", False),
        (r"(?R)?a", "aaa", False),
        ("a" * 300, "a" * 300, False),
        ("//", "//", True),
    ],
)
def test_regular_expressions_as_cards_write_them(key: str, text: str, comes: bool) -> None:
    assert found(book(entry("x", key, use_regex=True)), text) == (["x"] if comes else [])


@pytest.mark.parametrize(
    "key",
    [
        r"(a+)+$",
        r"(a|a)*b",
        r"(.*)*b",
        r"(?:.*?){50}c",
        r"(?=(a+))\1b",
        r"(a*)*\1\1\1b",
        r"(?<=a*)b",
        "a?" * 80 + "a" * 80,
        "ß" * 250,
        "ſs" * 120,
        r"\p{L}{200}" * 20,
        "[a-z]{1000}" * 22,
    ],
)
@pytest.mark.parametrize("letter", ["a", "ß", "x ", "aA1ß漢"])
def test_slow_expressions_end(key: str, letter: str) -> None:
    lore = book(*(entry(str(n), key, f"/{key[:240]}/i", use_regex=True) for n in range(50)))
    began = time.thread_time()
    found(lore, *[letter * 3_000] * 20)
    assert time.thread_time() - began < 1.5


def test_only_what_was_said_lately_counts() -> None:
    talk = ["castle", *["quiet"] * 9]
    assert found(book(entry("x", "castle"), scan_depth=10), *talk) == ["x"]
    assert found(book(entry("x", "castle"), scan_depth=9), *talk) == []
    assert found(book(entry("x", "castle"), scan_depth=0), "castle") == []
    assert found(book(entry("x", "castle")), *talk, scan_depth=10) == ["x"]
    assert found(book(entry("@@scan_depth 10\nx", "castle"), scan_depth=2), *talk) == ["x"]


def test_they_are_read_in_their_order() -> None:
    lore = book(
        entry("late", "k", insertion_order=100),
        entry("early", "k", insertion_order=-5),
        entry("also late", "k", insertion_order=100),
    )
    assert found(lore, "k") == ["early", "late", "also late"]


def test_the_lowest_priority_is_dropped_first() -> None:
    lore = book(
        entry("low " * 10, "k", priority=1, insertion_order=1),
        entry("high " * 10, "k", priority=9, insertion_order=2),
        entry("middle " * 10, "k", priority=5, insertion_order=3),
        token_budget=20,
    )
    result = activate(lore, ["k"], count=lambda text: len(text.split()))
    assert [one.content.split()[0] for one in result.entries] == ["high", "middle"]
    assert result.dropped == 1
    assert found(lore, "k", token_budget=9, count=lambda text: len(text.split())) == []


def test_without_priority_the_order_decides_what_goes() -> None:
    lore = book(*(entry(f"n{n} x", "k", insertion_order=n) for n in range(5)), token_budget=4)
    assert found(lore, "k", count=lambda text: len(text.split())) == ["n3 x", "n4 x"]


def test_entries_call_each_other_only_where_the_book_allows_it() -> None:
    chain = [entry(f"then {n + 1}", f"{'then ' if n else ''}{n}") for n in range(10)]
    said = "0 is said"
    assert found(book(*chain), said) == ["then 1"]
    called = found(book(*chain, recursive_scanning=True), said)
    assert called == [f"then {n + 1}" for n in range(MAX_ROUNDS + 1)]


def test_hidden_keys_call_and_comments_do_not() -> None:
    lore = book(
        entry("a {{hidden_key:moon}}{{// sun }}", "k"),
        entry("night", "moon"),
        entry("day", "sun"),
        recursive_scanning=True,
    )
    assert found(lore, "k") == ["a {{hidden_key:moon}}{{// sun }}", "night"]


@pytest.mark.parametrize(
    ("content", "given", "comes"),
    [
        ("@@activate\nx", {}, True),
        ("@@dont_activate\nx", {}, False),
        ("@@dont_activate\n@@activate\nx", {}, True),
        ("@@activate_only_after 3\nx", {"said": 2}, False),
        ("@@activate_only_after 3\n@@activate\nx", {"said": 3}, True),
        ("@@activate_only_every 2\n@@activate\nx", {"said": 3}, False),
        ("@@is_greeting 1\n@@activate\nx", {"greeting": 0}, False),
        ("@@is_greeting 1\n@@activate\nx", {}, True),
        ("@@unknown\n@@@dont_activate\nx", {}, False),
        ("@@unknown\n@@@also_unknown 3\n@@@activate\nx", {}, True),
        ("@@depth 3\n@@@activate\nx", {}, False),
        ("@@depth many\n@@@activate\nx", {}, True),
    ],
)
def test_decorators_decide(content: str, given: dict[str, Any], comes: bool) -> None:
    assert found(book(entry(content, "never said")), "k", **given) == (["x"] if comes else [])


def test_decorators_for_keys() -> None:
    more = book(entry("@@additional_keys moon, sun\nx", "castle"))
    assert found(more, "castle") == []
    assert found(more, "castle sun") == ["x"]
    less = book(entry("@@exclude_keys moon\nx", "castle"))
    assert found(less, "castle") == ["x"]
    assert found(less, "castle moon") == []


def test_where_an_entry_goes() -> None:
    lore = book(
        entry("a", "k", position="before_char"),
        entry("@@depth 2\n@@role user\n\nb", "k"),
        entry("@@position before_desc\n@@depth 2\nc", "k"),
        entry("d", "k", extensions={"position": 4, "depth": 5}),
        entry("@@position nowhere\ne", "k", position="sideways"),
    )
    places = [(one.content, one.position, one.depth, one.role) for one in lore.entries]
    assert places == [
        ("a", "before_char", None, "system"),
        ("b", "", 2, "user"),
        ("c", "before_char", None, "system"),
        ("d", "", 5, "system"),
        ("e", "", None, "system"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        "book",
        {"entries": "no"},
        {"entries": [None, 3, "x", [], {}]},
        {"entries": {"0": {"content": 3, "keys": 4}}},
        {"entries": [{"content": "x", "keys": [None, 3, {}], "priority": "high"}]},
        {"entries": [{"content": "\ud800", "keys": ["\udfff"], "constant": True}]},
        {"entries": [{"content": "x", "insertion_order": 1e400, "constant": True}]},
        {"entries": [], "scan_depth": -5, "token_budget": "much"},
        {"spec": "lorebook_v3", "data": {"entries": [{"content": "x", "constant": True}]}},
    ],
)
def test_broken_books_are_read_as_far_as_they_go(broken: Any) -> None:
    lore = Lorebook.from_card(broken)
    for text in found(lore, "x"):
        assert text.encode()


def test_an_entry_without_content_is_none() -> None:
    assert book(entry("", "k", constant=True), entry("@@activate\n", "k")).entries == ()


def test_five_hundred_entries_are_quick() -> None:
    lore = book(*(entry(f"text {n} " * 20, f"key{n}", f"other{n}") for n in range(500)))
    talk = ["some words about key7 and more " * 10] * 8
    began = time.thread_time()
    assert found(lore, *talk) == ["text 7 " * 20]
    assert time.thread_time() - began < 0.2
