"""Commands run in this process against a data folder, with and without an app on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.cli.app import main
from core.text import set_language
from testing.scripted_ollama import ScriptedOllama
from testing.served import ServedApp

WORDS = 6
NO_ENCODER = "/nowhere"  # agents are found by words: no test waits for a model to load


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on standard output."""
        return json.loads(self.out)

    @property
    def objects(self) -> list[Any]:
        """One object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs `python -m core …` without a new process."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def one(*arguments: str) -> Result:
        capsys.readouterr()
        code = main(arguments)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    yield one
    set_language("en")


@pytest.fixture(scope="session")
def ollama() -> Iterator[ScriptedOllama]:
    with ScriptedOllama(tokens=WORDS) as server:
        yield server


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, ollama: ScriptedOllama) -> Iterator[ServedApp]:
    environment = {"ENGAWA_OLLAMA_URL": ollama.url, "ENGAWA_MODELS__DEFAULT": "ollama:tiny"}
    environment["ENGAWA_EMBEDDING_MODEL"] = NO_ENCODER
    folder = tmp_path_factory.mktemp("served") / "data"
    with ServedApp(folder, environment=environment) as served:
        yield served


@pytest.fixture(params=["alone", "beside the app"])
def folder(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    ollama: ScriptedOllama,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A data folder: nobody's, or the one that an app runs on. Rooms need names of their own."""
    monkeypatch.setenv("ENGAWA_OLLAMA_URL", ollama.url)
    monkeypatch.setenv("ENGAWA_MODELS__DEFAULT", "ollama:tiny")
    monkeypatch.setenv("ENGAWA_EMBEDDING_MODEL", NO_ENCODER)
    alone: Path = tmp_path / "data"
    if request.param == "alone":
        return alone
    served: ServedApp = request.getfixturevalue("app")
    monkeypatch.setenv("ENGAWA_DATA_DIR", str(served.folder))
    return served.folder
