"""`rooms preflight`: what does not fit is named, and each remedy makes the room fit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.scripted_ollama import ScriptedOllama
from testing.tight_models import tight
from tests.cli.conftest import NO_ENCODER, Run


@pytest.fixture(params=["context", "model", "share"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ScriptedOllama(models=tight(request.param)) as server:
        monkeypatch.setenv("ENGAWA_OLLAMA_URL", server.url)
        monkeypatch.setenv("ENGAWA_MODELS__DEFAULT", "ollama:large")
        monkeypatch.setenv("ENGAWA_EMBEDDING_MODEL", NO_ENCODER)
        yield request.param


def test_each_remedy_from_the_command_line(run: Run, kind: str) -> None:
    run("agents", "create", "Small", "--model", "ollama:small")
    run("rooms", "create", "Tea", "--member", "Ren", "--member", "Small")
    told = run("rooms", "preflight", "Tea")
    assert told.code == 0
    assert f"--remedy {kind}: " in told.out
    assert "ollama:large" in told.out
    after = run("rooms", "preflight", "Tea", "--remedy", kind, "--json").json
    assert (after["verdict"], after["remedies"]) == ("fits", [])
    refused = run("rooms", "preflight", "Tea", "--remedy", kind)
    assert refused.code == 1
    assert refused.err.startswith("error: ")
