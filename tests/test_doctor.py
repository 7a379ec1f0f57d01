"""The doctor: what it says about a machine, tables of what it may meet, and that it never trips."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from core.doctor import Finding, Level, examine, folder, graphics, machine
from core.doctor.examine import CHECKS, _run
from core.doctor.finding import TITLES
from core.doctor.graphics import Card, Torch
from core.settings import Settings, load_settings
from core.store.store import Store
from core.workbench import Workbench
from testing.scripted_ollama import ScriptedOllama

CARD = Card("RTX 4050", 6 * 2**30, "580.65", (13, 0))
CPU_TORCH = Torch("2.13.0+cpu", None)
CUDA_TORCH = Torch("2.13.0+cu130", "13.0")


def by_part(settings: Settings) -> dict[str, Finding]:
    return {finding.part: finding for finding in examine(settings)}


def test_a_fresh_folder_is_examined_and_not_made() -> None:
    settings = load_settings()
    found = by_part(settings)
    assert list(found) == list(CHECKS) == list(TITLES)
    assert found["python"].level is Level.OK
    assert found["data_folder"].level is Level.OK
    assert found["database"].level is Level.OK
    assert not settings.paths.root.exists()


def test_everything_has_words_in_both_languages_and_is_json() -> None:
    for finding in examine(load_settings()):
        assert finding.message("en")
        assert finding.message("ja")
        assert finding.level is Level.OK or finding.hint("en")
        assert "{" not in finding.message() + finding.hint()
        json.dumps(finding.as_dict())


def test_a_running_app_is_no_trouble(workbench: Workbench) -> None:
    found = by_part(workbench.settings)
    assert found["database"].level is Level.OK
    assert found["port"].level is Level.OK
    assert str(workbench.settings.port) in found["port"].message()


def test_one_flipped_byte_in_the_database_is_found() -> None:
    settings = load_settings()
    with Workbench.open(settings, providers=[], serving=False) as bench:
        bench.rooms.create("Marigold")
    file = settings.paths.database
    content = file.read_bytes()
    assert content.count(b"Marigold") > 0
    file.write_bytes(content.replace(b"Marigold", b"Marigolb", 1))
    found = folder.database(settings)
    assert found.level is Level.ERROR
    assert "damaged" in found.message()
    assert file.read_bytes() == content.replace(b"Marigold", b"Marigolb", 1)


@pytest.mark.parametrize("content", [b"", b"no database at all" * 300, b"SQLite format 3\x00"])
def test_a_file_that_is_no_database(content: bytes) -> None:
    settings = load_settings()
    Store.open(settings.paths).close()
    settings.paths.database.write_bytes(content)
    assert folder.database(settings).level is Level.ERROR


def test_an_unwritable_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    settings = load_settings(data_dir=tmp_path / "file" / "data")
    found = folder.data_folder(settings)
    assert found.level is Level.ERROR
    assert str(tmp_path / "file" / "data") in found.message()


@pytest.mark.parametrize(
    ("free", "level"),
    [(10**12, Level.OK), (5 * 10**8, Level.WARNING), (10**6, Level.ERROR)],
)
def test_space(free: int, level: Level, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr(folder.shutil, "disk_usage", lambda _folder: usage)
    assert folder.data_folder(load_settings()).level is level


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        found = machine.port(load_settings(port=other.getsockname()[1]))
    assert found.level is Level.ERROR
    assert "--port" in found.hint()


def test_packages_are_compared_with_the_pins(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("# ours\npytest==0.0.1\nno-such-package==1.0 ; python_version > '3'\n")
    found = machine.compare_packages(pins)
    assert found.level is Level.ERROR
    assert "no-such-package" in found.message()
    pins.write_text("pytest==0.0.1\n")
    found = machine.compare_packages(pins)
    assert found.level is Level.WARNING
    assert "pytest" in found.message()
    assert "-m pip install -r requirements.txt" in found.hint()


def test_the_installation_itself_is_as_pinned() -> None:
    assert machine.packages(load_settings()).level is Level.OK


def test_ollama_with_models_without_and_away() -> None:
    with ScriptedOllama() as server:
        settings = load_settings(ollama_url=server.url)
        assert CHECKS["ollama"](settings).level is Level.OK
        server.models.clear()
        empty = CHECKS["ollama"](settings)
        assert empty.level is Level.WARNING
        assert "ollama pull" in empty.hint()
    away = CHECKS["ollama"](settings)
    assert away.level is Level.WARNING
    assert "ollama serve" in away.hint()


@pytest.mark.parametrize(
    ("card", "torch", "traces", "level", "said"),
    [
        (None, CPU_TORCH, False, Level.OK, "CPU"),
        (None, None, False, Level.OK, "CPU"),
        (CARD, CUDA_TORCH, True, Level.OK, "RTX 4050 with 6.0 GB"),
        (CARD, CPU_TORCH, True, Level.WARNING, "only knows the CPU"),
        (None, CPU_TORCH, True, Level.WARNING, "only knows the CPU"),
        (None, CUDA_TORCH, True, Level.WARNING, "does not answer"),
        (Card(None, None, None, None), CUDA_TORCH, True, Level.OK, "NVIDIA with ? GB, driver ?"),
    ],
)
def test_cards(
    card: Card | None, torch: Torch | None, traces: bool, level: Level, said: str
) -> None:
    found = graphics.judge(card, torch, traces)
    assert found.level is level
    assert said in found.message()


@pytest.mark.parametrize(
    ("card", "build"),
    [(CARD, "cu130"), (Card("old", 1, "550", (12, 4)), "cu126"), (None, "cu130")],
)
def test_the_command_brings_the_same_torch_for_the_driver(card: Card | None, build: str) -> None:
    command = graphics.mending_command(CPU_TORCH, card)
    assert f'"torch==2.13.0+{build}"' in command
    assert command.endswith(f"--index-url https://download.pytorch.org/whl/{build}")


@pytest.mark.parametrize(
    ("source", "cuda"),
    [
        ("cuda: Optional[str] = None\nhip = None\n", None),
        ("__version__ = '2.13.0'\ncuda: Optional[str] = '13.0'\n", "13.0"),
        ("cuda = '12.6'\n", "12.6"),
    ],
)
def test_what_torch_was_built_for_is_read_from_its_files(
    source: str, cuda: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(source)
    package = type(
        "Package", (), {"version": "2.13.0", "locate_file": lambda _self, name: tmp_path / name}
    )
    monkeypatch.setattr(graphics, "distribution", lambda _name: package())
    assert graphics.installed_torch() == Torch("2.13.0", cuda)


def test_a_check_that_breaks_is_a_warning() -> None:
    def broken(_settings: Settings) -> Finding:
        raise ValueError("a secret value")

    (found,) = _run(load_settings(), [("gpu", broken)])
    assert found.level is Level.WARNING
    assert "ValueError" in found.message()
    assert "secret" not in found.message()
