"""Whatever an agent, its card or a line of the talk holds, it stays text."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from core.agents import Agent
from core.agents.prompt import build_prompt
from core.messages import Line
from tests.agents.injections import injections

FIELDS = ("description", "gender", "background", "body")
LISTS = ("personalities", "roles", "tones")


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    file = tmp_path / "canary"
    file.write_text("alive")
    return file


def built(hostile: str, field: str) -> str:
    """A prompt with the hostile text in one place, as one string."""
    given: dict[str, Any] = {"lorebook": None}
    talk = [Line(1, "Yuki", "Hello"), Line(2, "Yuki", "Hello again")]
    fields: dict[str, Any] = {"name": "Ren"}
    if field in FIELDS:
        fields[field] = hostile
    elif field in LISTS:
        fields[field] = (hostile,)
    elif field == "name":
        fields["name"] = hostile
    elif field == "greetings":
        fields["greetings"] = (hostile,)
    elif field == "examples":
        fields["examples"] = hostile
    elif field == "lorebook":
        given["lorebook"] = {
            "entries": [{"keys": [hostile], "content": "x" + hostile, "constant": True}]
        }
    elif field == "line":
        talk[1] = Line(2, "Yuki", hostile)
    elif field == "sender":
        talk[1] = Line(2, hostile, "Hello again")
    else:
        given[field] = [hostile] if field == "members" else hostile
    prompt = build_prompt(
        Agent(**fields), talk, model="ollama:m", budget_tokens=4_000, user="Yuki", **given
    )
    return "\n".join(message.content for message in prompt.messages)


PLACES = (
    "name", *FIELDS, *LISTS, "greetings", "examples", "lorebook", "line", "sender", "memories",
    "summary", "members",
)  # fmt: skip
# Macros that the card format knows, and names of ours, are not code: they may be replaced.
KNOWN = ("{{original}}",)


def test_there_are_more_than_a_hundred(canary: Path) -> None:
    assert len(set(injections(canary))) >= 100


@pytest.mark.parametrize("field", PLACES)
def test_nothing_is_evaluated_anywhere(canary: Path, field: str) -> None:
    plain = built("plain", field)
    tracemalloc.start()
    for hostile in injections(canary):
        text = built(hostile, field)
        for line in hostile.strip().splitlines():
            assert line.strip() in text, hostile
        assert "49" not in text.replace(str(canary), ""), hostile
        assert len(text) < len(plain) + 8 * len(hostile) + 200, hostile
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30_000_000
    assert canary.read_text() == "alive"
