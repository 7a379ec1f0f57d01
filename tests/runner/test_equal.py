"""Our generation loop says exactly what transformers' own generate says."""

import json
import subprocess
import sys

import pytest

from core.paths import PROJECT
from testing.tiny_model import Shape, make_tiny_model


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    shape = Shape(window=2048)
    folder = make_tiny_model(tmp_path_factory.mktemp("equal"), seed=2, shape=shape)
    command = [sys.executable, "-m", "tests.runner.compare", str(folder)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: dict[str, list[object]] = json.loads(done.stdout.splitlines()[-1])
    return answers


@pytest.mark.parametrize(
    "case",
    [
        "short",
        "second turn, from kept keys",
        "another conversation",
        "back to the first",
        "penalty",
    ],
)
def test_greedy_text_is_the_same(found: dict[str, list[object]], case: str) -> None:
    ours, theirs = found[case]
    assert ours == theirs
    assert len(str(ours)) > 30


def test_the_beginning_of_a_conversation_is_read_once(found: dict[str, list[object]]) -> None:
    reused = {name.removeprefix("reused: ") for name, pair in found.items() if pair == [True, True]}
    assert reused == {"second turn, from kept keys", "back to the first", "penalty"}


def test_a_seed_decides(found: dict[str, list[object]]) -> None:
    ours, again = found["same seed"]
    assert ours == again
    ours, other = found["other seed"]
    assert ours != other


def test_no_three_tokens_come_twice_when_forbidden(found: dict[str, list[object]]) -> None:
    triples, different = found["triples"]
    assert triples == different
