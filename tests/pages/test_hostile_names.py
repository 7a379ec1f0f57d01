"""Hostile words in every field that somebody else can fill: shown as they are, and harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import streamlit as st
from google.protobuf.message import Message as Proto
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from core.agents import Agent
from core.workbench import Workbench
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench
from tests.pages.conftest import OpenScreen, screen

__all__ = ["screen"]

HOSTILE = {
    "html": "<img src=x onerror=run>",
    "link": "[x](http://canary.example/a)",
    "image": "![x](//canary.example/b)",
    "address": "http://canary.example/c",
    "mail": "a@canary.example",
    "icon": ":material/home: :red[x]",
    "formula": "$\\href{javascript:x}{y}$",
    "code": "``x` **y**",
}
TURNED = "\u202eknab\u2066"
SCREENS = ("room", "rooms", "agents", "models", "hardware", "settings", "shell")
JUDGE = MarkdownIt("gfm-like", {"linkify": False})
SIGNS = ("canary", "<img", "javascript", "**y**", "material/home", "red[x]", "\u202e", "\u2066")
HARMFUL = {"link_open", "image", "html_inline", "html_block"}
# What the browser shows letter by letter (by kind of element), or never shows.
LETTERS = {
    ("selectbox", "options"),
    ("multi_select", "options"),
    ("multi_select", "default"),
    ("text_input", "default"),
    ("text_area", "default"),
    ("chat_input", "placeholder"),
    ("text_input", "placeholder"),
    ("code", "code_text"),
    ("image", "alt"),
}
UNSEEN = {"id", "key", "form_id", "url", "name", "avatar", "element_id", "mixed_data", "json"}


def written(node: Any) -> Iterator[tuple[str, str, str]]:
    """Kind, field and text of everything that a screen sends below a node."""
    yield from _fields(node.proto)
    for child in getattr(node, "children", {}).values():
        yield from written(child)


def _fields(proto: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(proto, Proto):
        return
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", proto.DESCRIPTOR.name).lower()
    for field, value in proto.ListFields():
        for one in [value] if isinstance(value, (str, Proto)) else _several(value):
            if isinstance(one, str):
                yield kind, field.name, one
            else:
                yield from _fields(one)


def _several(value: Any) -> list[Any]:
    """The parts of a repeated field; lists of messages know no `__iter__`."""
    listed = hasattr(value, "__len__") and hasattr(value, "__getitem__")
    return list(value) if listed and not isinstance(value, bytes | Mapping) else []


def acts(markdown: str) -> set[str]:
    """What of a text would be more than letters."""
    tokens = [child for token in JUDGE.parse(markdown) for child in token.children or [token]]
    shown = "".join(token.content for token in tokens if token.type == "text")
    signs = {one for one in ("://", "a@canary", ":red[x]", ":material/home:") if one in shown}
    return signs | ({token.type for token in tokens} & HARMFUL)


def harm(test: AppTest) -> list[tuple[str, ...]]:
    """Where a screen shows more than the letters of what somebody wrote."""
    found = []
    for root in test._tree.children.values():
        for kind, field, text in written(root):
            if field in UNSEEN or not any(sign in text for sign in SIGNS):
                continue
            turned = {sign for sign in TURNED if sign in text and not sign.isalpha()}
            seen = turned if (kind, field) in LETTERS else turned | acts(text)
            if seen and (kind, field) != ("code", "code_text"):
                found.append((kind, field, *seen, text[:200]))
    return found


@pytest.fixture
def workbench(request: pytest.FixtureRequest, open_workbench: OpenWorkbench) -> Workbench:
    """A workbench in which this stands wherever somebody can write something."""
    st.cache_resource.clear()
    word = HOSTILE[request.param]
    said = f"{word} {TURNED}"
    spoken = Script([f"<think>{said}</think>{said}"])
    bench = open_workbench(ScriptedProvider({"starter": spoken, f"starter:{word}": spoken}))
    bench.preferences.set("user_name", f"Me {word}")
    bench.agents.save(
        Agent(f"Agent {word}", description=word, roles=(word,), greetings=(word,)), revision=None
    )
    room = bench.rooms.create(said, [f"Agent {word}", "Ren"]).id
    gone = bench.rooms.create(f"Gone {said}").id
    bench.rooms.delete(gone)
    able = [{"name": f"Out {word}", "capabilities": [word]}]
    bench.rooms.outside.join(room, able, "c1")
    for sender in (f"Me {word}", f"You {said}"):
        bench.rooms.post(room, said, sender=sender)
        assert bench.rooms.wait_idle(room, 10)
    bench.rooms.post(room, said, sender=f"Me {word}", to=[f"You {said}"], reply_to=1)
    assert bench.rooms.wait_idle(room, 10)
    bench.rooms.editing.pin(room, 1)
    bench.rooms.editing.branch(room, 1, f"Branch {said}")
    bench.rooms.set_model(room, "Ren", f"starter:{word}")
    return bench


@pytest.mark.parametrize("workbench", HOSTILE, indirect=True)
def test_what_others_wrote_is_letters_on_every_screen(
    screen: OpenScreen, workbench: Workbench
) -> None:
    room = max((one.room for one in workbench.rooms.list()), key=lambda one: one.last_seq)
    tests = [screen(name) for name in SCREENS]
    here = screen("room", room=room.id)
    here.session_state["engawa"].whisper_to[room.id] = list(room.agents)
    here.session_state["engawa"].reply_to[room.id] = 1
    tests += [here.run(), screen("agent", name=room.agents[0])]
    tests.append(screen("room", room=room.id, view="transcript"))
    tests.append(screen("room", room=f"nowhere {room.name}"))
    offered = [one for root in here._tree.children.values() for one in written(root)]
    pills = [text for kind, _field, text in offered if kind == "option"]
    assert len(pills) > len(room.agents), "the row of a whisper was looked at, too"
    for test in tests:
        assert not test.exception
        assert harm(test) == []
