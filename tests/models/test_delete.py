"""Models put away: on Ollama for good, a folder of ours into the trash and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ModelMissing, ModelRefused, NameTaken
from core.paths import STARTER_MODEL, DataPaths
from core.workbench import Workbench
from testing.scripted_ollama import ScriptedOllama


def folder(paths: DataPaths, name: str = "own/small") -> Path:
    """A model folder of links to the starter's files: nothing is copied."""
    made = paths.models / name
    made.mkdir(parents=True)
    for file in STARTER_MODEL.iterdir():
        if file.is_file():
            (made / file.name).symlink_to(file)
    return made


def test_on_ollama_it_is_gone(server: ScriptedOllama, bench: Workbench) -> None:
    assert not bench.models.delete("ollama:tiny")
    assert "tiny" not in server.models
    with pytest.raises(ModelMissing):
        bench.models.delete("ollama:tiny")
    with pytest.raises(ModelRefused):
        bench.models.restore("ollama:tiny")


def test_a_folder_can_come_back(bench: Workbench, data_paths: DataPaths) -> None:
    made = folder(data_paths)
    assert bench.registry.info("hf:own/small").size_bytes
    assert bench.models.delete("hf:own/small")
    assert not made.exists()
    assert "hf:own/small" not in {model.ref for model in bench.registry.models()}
    bench.models.restore("hf:own/small")
    assert bench.registry.info("hf:own/small").size_bytes
    assert bench.models.delete("hf:own/small")
    folder(data_paths)
    with pytest.raises(NameTaken):
        bench.models.restore("hf:own/small")


def test_nothing_outside_of_the_models_folder_is_touched(
    bench: Workbench, data_paths: DataPaths, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (data_paths.models / "link").symlink_to(outside)
    for ref in (f"hf:{outside}", "hf:link", f"hf:{data_paths.models}", f"hf:{data_paths.root}"):
        with pytest.raises(ModelRefused):
            bench.models.delete(ref)
    for ref in ("hf:../outside", "hf:nobody"):
        with pytest.raises(ModelMissing):
            bench.models.delete(ref)
    assert outside.is_dir()
    assert data_paths.models.is_dir()


def test_what_comes_with_engawa_stays(bench: Workbench) -> None:
    with pytest.raises(ModelRefused):
        bench.models.delete("starter")
