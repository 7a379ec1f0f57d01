"""Models pulled, made, loaded, switched, deleted by commands, alone and beside the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.scripted_library import Pull
from testing.scripted_ollama import ScriptedOllama
from tests.cli.conftest import Run

NAMES = ("fresh", "aki-made", "aki-made:latest")


@pytest.fixture(autouse=True)
def _as_before(ollama: ScriptedOllama, folder: Path) -> None:
    """The server is shared: what another test made is gone."""
    for name in NAMES:
        ollama.models.pop(name, None)
    ollama.library()


def test_pull_shows_how_far_it_is(run: Run, ollama: ScriptedOllama) -> None:
    ollama.pulls["fresh"] = Pull(chunks=4)
    lines = run("models", "pull", "ollama:fresh", "--json").objects
    assert lines[-1]["state"] == "done"
    assert lines[-1]["progress"]["share"] == 1.0
    assert run("models", "show", "ollama:fresh", "--json").json["ref"] == "ollama:fresh"
    listed = run("jobs", "list", "--json").json["jobs"]
    assert listed[0]["title"] == "Download of ollama:fresh"
    assert run("jobs", "show", listed[0]["id"]).out.startswith(
        "Download of ollama:fresh\ndone 100%"
    )
    assert run("jobs", "tail", listed[0]["id"], "--json").objects[-1]["state"] == "done"
    assert run("jobs", "forget", listed[0]["id"]).code == 0


def test_what_cannot_be_pulled_is_one_line(run: Run) -> None:
    result = run("models", "pull", "ollama:nobody")
    assert result.code == 1
    assert result.err == (
        "error: ollama.com has no model ollama:nobody. Check the name on its page, tag included.\n"
    )
    assert run("models", "pull", "starter").code == 1


def test_create_gives_a_model_an_agents_voice(run: Run, ollama: ScriptedOllama) -> None:
    given = ["--from", "tiny", "--agent", "Aki", "--parameter", "temperature=0.2"]
    assert run("models", "create", "aki-made", *given, "--json").objects[-1]["state"] == "done"
    assert "Aki" in ollama.sent[0]["system"]
    assert ollama.sent[0]["parameters"]["temperature"] == 0.2
    assert run("models", "create", "x").code == 1


def test_switch_plans_measures_and_unloads(run: Run, ollama: ScriptedOllama) -> None:
    ollama.loaded.clear()
    plan = run("models", "switch", "ollama:tiny-think", "--plan", "--json").json
    assert (plan["to"], plan["loaded"]) == ("ollama:tiny-think", False)
    out = run("models", "switch", "ollama:tiny-think").out
    assert "ollama:tiny-think: loaded, " in out
    assert "tiny-think" in ollama.loaded
    assert run("models", "unload", "ollama:tiny-think").code == 0
    assert ollama.loaded == {}
    # Rooms follow a switch: the tests after this one need the first model as the default again.
    assert run("models", "switch", "ollama:tiny").code == 0
    assert "tiny" in ollama.loaded
    assert run("models", "unload", "ollama:tiny").code == 0
    assert run("models", "load", "ollama:tiny", "--context", "1024").code == 0
    assert ollama.loaded["tiny"] >= 1024
    wrong = run("models", "load", "ollama:tiny", "--quantization", "int9")
    assert (wrong.code, "none / int8 / nf4" in wrong.err) == (1, True)


def test_delete_asks(run: Run, ollama: ScriptedOllama) -> None:
    ollama.pulls["fresh"] = Pull()
    run("models", "pull", "ollama:fresh")
    refused = run("models", "delete", "ollama:fresh")
    assert refused.code == 1
    assert "fresh" in ollama.models
    assert run("models", "delete", "ollama:fresh", "--yes", "--json").json["restorable"] is False
    assert "fresh" not in ollama.models
    assert run("models", "restore", "ollama:fresh").code == 1
