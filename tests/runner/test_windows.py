"""Kept caches of models that cannot be cut back: sliding windows and recurrent states."""

import json
import subprocess
import sys

import pytest

from core.paths import PROJECT
from testing.tiny_model import Shape, make_tiny_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[object]]]:
    root = tmp_path_factory.mktemp("families")
    template = make_tiny_model(root / "template", shape=Shape(window=2048))
    command = [sys.executable, "-m", "tests.runner.compare_windows", str(root), str(template)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: dict[str, list[list[object]]] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize("family", ["gemma3_text", "mistral", "qwen3_5_text"])
def test_two_conversations_take_turns(found: dict[str, list[list[object]]], family: str) -> None:
    answers = found[family]
    assert [ours for ours, _theirs, _reused in answers] == [theirs for _, theirs, _ in answers]
    assert all(len(str(ours)) > 5 for ours, _theirs, _reused in answers)
    reused = [bool(count) for _ours, _theirs, count in answers]
    assert reused == [False, False, True, True, True, True], "what was said is not read again"
