"""Many kills and many cancels at random: no text out of order, no runner left, no thread stuck."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RunnerGone
from core.runner.pool import RunnerPool
from core.runner.protocol import Ask
from testing.tiny_model import make_scripted_model

pytestmark = pytest.mark.slow

TEXT = "".join(f"{number}茶, " for number in range(1, 300))
REF = "hf:counting"
MESSAGES = ({"role": "user", "content": "Count."},)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerPool]:
    pool = RunnerPool(logs=tmp_path_factory.mktemp("logs"))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scripted_model(tmp_path_factory.mktemp("counting"), TEXT, endless=True)


def test_random_cancels_from_eight_rooms(pool: RunnerPool, folder: Path) -> None:
    endless = TEXT * 20
    wrong: list[str] = []
    finished = [0]

    def room(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            cancel = threading.Event()
            wanted = chance.randrange(1, 60)
            timer = threading.Timer(chance.random() * 0.5, cancel.set)
            timer.start()
            ask = Ask(MESSAGES, max_tokens=wanted)
            pieces = list(pool.stream(REF, folder, ask, cancel))
            timer.cancel()
            text = "".join(piece.text for piece in pieces)
            if not endless.startswith(text):
                wrong.append(text)
            if pieces and pieces[-1].done:
                finished[0] += 1
                if pieces[-1].done["completion_tokens"] != wanted:
                    wrong.append(f"{wanted} tokens wanted: {pieces[-1].done}")

    list(pool.stream(REF, folder, Ask(MESSAGES, max_tokens=1), threading.Event()))
    rooms = [threading.Thread(target=room, args=(seed,)) for seed in range(8)]
    for thread in rooms:
        thread.start()
    for thread in rooms:
        thread.join(100)
    assert not any(thread.is_alive() for thread in rooms)
    assert wrong == []
    assert finished[0] > 5
    (state,) = pool.states()
    assert not state.busy


@pytest.mark.timeout(300)
def test_kills_at_random_instants(pool: RunnerPool, folder: Path) -> None:
    chance = random.Random(1)
    pids = set()
    for _ in range(5):
        after = chance.randrange(1, 400)
        text = ""
        with pytest.raises(RunnerGone):  # noqa: PT012
            for number, piece in enumerate(
                pool.stream(REF, folder, Ask(MESSAGES, 3000), threading.Event())
            ):
                text += piece.text
                if number == after:
                    pid = pool.states()[0].pid or 0
                    pids.add(pid)
                    os.kill(pid, signal.SIGKILL)
        assert text
        assert (TEXT * 20).startswith(text)
    assert len(pids) == 5
