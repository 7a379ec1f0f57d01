"""`rooms prompt`, with and without an app on the data folder."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("folder")


def test_the_prompt_of_a_reply(run: Run) -> None:
    run("rooms", "create", "Asked", "--member", "Ren")
    run("rooms", "say", "Asked", "hello there", "--wait", "--as", "Yuki")
    found = run("rooms", "prompt", "Asked", "2", "--json").json
    assert found["model"] == "ollama:tiny"
    assert found["template"] == "engineer_casual"
    assert found["messages"][-1]["content"] == "Yuki: hello there"
    printed = run("rooms", "prompt", "Asked", "2").out
    assert "engineer, casual" in printed
    assert "--- system ---" in printed
    assert "Yuki: hello there" in printed


def test_a_line_without_a_prompt(run: Run) -> None:
    run("rooms", "create", "Silent")
    run("rooms", "say", "Silent", "hello")
    refused = run("rooms", "prompt", "Silent", "1")
    assert refused.code == 1
    assert refused.err.startswith("error: No prompt is kept for message 1.")
