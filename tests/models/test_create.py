"""Models made on Ollama: of a character, a GGUF file, a folder; and what is refused before."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.jobs import JobState
from core.models import NewModel
from core.models.creation import version_of
from core.workbench import Workbench
from testing.gguf_bytes import gguf_bytes
from testing.scripted_http import Body, Hang, Head
from testing.scripted_ollama import ScriptedOllama
from tests.models.conftest import code, ended

GGUF = gguf_bytes()


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "model.gguf"
    file.write_bytes(GGUF)
    return file


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "training_args.bin").write_bytes(b"a pickle")
    (folder / "run.py").write_text("print('no')")
    return folder


def test_a_character_over_a_base(server: ScriptedOllama, bench: Workbench) -> None:
    new = NewModel("aki", base="tiny", system="You are Aki.", parameters={"temperature": 0.4})
    job = ended(bench, bench.models.create(new))
    assert (job.state, job.result) == (JobState.DONE, {"model": "ollama:aki"})
    assert server.sent == [
        {
            "model": "aki",
            "from": "tiny",
            "system": "You are Aki.",
            "parameters": {"temperature": 0.4},
        }
    ]
    assert "ollama:aki" in {model.ref for model in bench.registry.models()}


def test_a_file_is_handed_over_once(server: ScriptedOllama, bench: Workbench, gguf: Path) -> None:
    for name in ("one", "two"):
        job = ended(bench, bench.models.create(NewModel(name, gguf=str(gguf), quantize="q8_0")))
        assert job.state is JobState.DONE
    blob = [request.method for request in server.requests if "/api/blobs/" in request.path]
    assert blob == ["HEAD", "POST", "HEAD"]
    assert list(server.blobs.values()) == [GGUF]
    assert server.sent[0]["files"] == {"model.gguf": next(iter(server.blobs))}
    assert server.sent[0]["quantize"] == "q8_0"


def test_a_folder_is_handed_over_without_anything_that_runs(
    server: ScriptedOllama, bench: Workbench, adapter: Path
) -> None:
    new = NewModel("aki", base="tiny", adapter=str(adapter))
    assert ended(bench, bench.models.create(new)).state is JobState.DONE
    names = {"adapter_config.json", "adapter_model.safetensors"}
    assert server.sent[0]["adapters"].keys() == names


def test_a_version_without_adapters_is_told_before_anything_is_sent(
    server: ScriptedOllama, bench: Workbench, adapter: Path
) -> None:
    server.version = "0.34.1"
    new = NewModel("aki", base="tiny", adapter=str(adapter))
    assert code(ended(bench, bench.models.create(new))) == "adapters_gone"
    assert server.sent == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "not_a_model"),
        ({"pytorch_model.bin": b"pickle", "config.json": b"{}"}, "model_incomplete"),
        ({"pytorch_model.bin": b"pickle"}, "weights_pickled"),
        (
            {"config.json": b'{"auto_map": {"AutoModel": "x.Y"}}', "tokenizer.json": b"{}"},
            "code_inside",
        ),
    ],
)
def test_a_folder_that_must_not_be_used(
    files: dict[str, bytes], expected: str, bench: Workbench, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert code(ended(bench, bench.models.create(NewModel("x", folder=str(folder))))) == expected


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04 a zip", GGUF[:-40], GGUF[:90], None])
def test_a_file_that_is_no_gguf(content: bytes | None, bench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    if content is not None:
        file.write_bytes(content)
    assert code(ended(bench, bench.models.create(NewModel("x", gguf=str(file))))) == "not_a_model"


def test_cancelling_stops_the_server(server: ScriptedOllama, bench: Workbench) -> None:
    server.on("/api/create", [Head(), Body(b'{"status":"converting model"}\n'), Hang()])
    job = bench.models.create(NewModel("x", base="tiny"))
    next(one for one in bench.jobs.follow(job.id) if "converting" in str(one.progress.words))
    bench.jobs.cancel(job.id)
    assert ended(bench, job).state is JobState.CANCELLED
    assert server.to("/api/create")[0].gone.wait(5)


@pytest.mark.parametrize("given", [{}, {"base": "a", "gguf": "b"}, {"folder": "a", "gguf": "b"}])
def test_it_must_be_said_of_what(given: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        NewModel("x", **given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0.24.0", (0, 24, 0)), ("0.34.1-rc2", (0, 34, 1)), ("v1.2", (1, 2)), ("?", ())],
)
def test_versions(text: str, expected: tuple[int, ...]) -> None:
    assert version_of(text) == expected
