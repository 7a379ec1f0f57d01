"""Macros of cards become names and drawn words; everything else stays text."""

from __future__ import annotations

import time
from random import Random

import pytest

from core.agents.macros import MAX_DEPTH, hidden_keys, replace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{char}} meets {{user}}.", "Ren meets Yuki."),
        ("{{ Char }} / {{USER}} / <USER> / <Bot> / <char>", "Ren / Yuki / Yuki / Ren / Ren"),
        ("a{{// not shown }}b{{comment: nor this}}c{{hidden_key: castle}}d", "abcd"),
        ("{{reverse:Hello}}", "olleH"),
        ("{{reverse:{{char}}}}", "neR"),
        ("{{random:only}}{{pick::only}}", "onlyonly"),
        ("{{random:a\\,b}}", "a,b"),
        ("{{roll:1}} {{roll:d1}} {{roll:3d1}}", "1 1 3"),
        ("{{roll:0}} {{roll:x}} {{roll:999d9}}", "{{roll:0}} {{roll:x}} {{roll:999d9}}"),
        ("{{unknown}} {{7*7}} {% if x %}", "{{unknown}} {{7*7}} {% if x %}"),
        ("{{char", "{{char"),
        ("}} {{ {{user}}", "}} {{ Yuki"),
        ("{{{char}}}", "{Ren}"),
        ("", ""),
    ],
)
def test_what_macros_become(text: str, expected: str) -> None:
    assert replace(text, "Ren", "Yuki") == expected


def test_names_that_look_like_macros_are_names() -> None:
    assert replace("{{char}} {{user}}", "{{user}}", "<bot>{{roll:6}}") == "{{user}} <bot>{{roll:6}}"


def test_drawn_words_stay_the_same_for_the_same_people() -> None:
    text = "{{random:a,b,c,d,e,f,g,h}}{{roll:100000}}{{pick:a,b,c}}"
    assert len({replace(text, "Ren", "Yuki") for _time in range(20)}) == 1
    assert len({replace(text, "Ren", "Yuki", Random(seed)) for seed in range(20)}) > 10


def test_pick_takes_the_same_word_wherever_it_stands() -> None:
    picks = [replace(f"{'x' * n}{{{{pick:a,b,c,d,e,f}}}}", "Ren", "Yuki")[n:] for n in range(20)]
    assert len(set(picks)) == 1


def test_all_words_can_be_drawn() -> None:
    drawn = {replace("{{random:a,b,c}}", "R", "Y", Random(seed)) for seed in range(60)}
    assert drawn == {"a", "b", "c"}
    assert {replace("{{roll:d3}}", "R", "Y", Random(seed)) for seed in range(60)} == set("123")


@pytest.mark.parametrize(
    "text",
    [
        "{{" * 100_000,
        "}}" * 100_000,
        "{{" * 50_000 + "}}" * 50_000,
        "{{char}}" * 30_000,
        "{{reverse:" * 20_000 + "x" + "}}" * 20_000,
        "<user" * 50_000,
        "{{random:" + "," * 200_000 + "}}",
    ],
)
def test_hostile_macros_end_soon_and_stay_small(text: str) -> None:
    began = time.thread_time()
    written = replace(text, "{{char}}" * 10, "{{user}}" * 10)
    assert time.thread_time() - began < 2
    assert len(written) <= 80 * len(text)


def test_macros_inside_macros_end_somewhere() -> None:
    deep = "{{reverse:" * (MAX_DEPTH + 4) + "ab" + "}}" * (MAX_DEPTH + 4)
    assert "reverse:" in replace(deep, "R", "Y").replace(":esrever", "reverse:")


def test_hidden_keys_are_for_the_scan_only() -> None:
    assert hidden_keys("a{{hidden_key:castle}}b{{// c}}{{comment:d}}") == "acastleb"
