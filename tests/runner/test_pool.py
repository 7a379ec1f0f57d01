"""The life of a runner: killed, started again, given up, ended; and what is refused at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import FirstTokenTimeout, ModelRefused, RunnerGone, WeightsPickled
from core.paths import PROJECT
from core.runner.hearing import Limits, Spoken
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool
from core.runner.protocol import Ask
from testing.tiny_model import make_scripted_model

TEXT = "".join(f"{number}, " for number in range(1, 300))
REF = "hf:counting"
LONG = Ask(({"role": "user", "content": "Count."},), max_tokens=4000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_scripted_model(tmp_path_factory.mktemp("counting"), TEXT, endless=True)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[RunnerPool]:
    pool = RunnerPool(logs=tmp_path)
    yield pool
    pool.close()


def said(pieces: list[Spoken]) -> str:
    return "".join(piece.text for piece in pieces)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def killed_in_the_middle(pool: RunnerPool, folder: Path, tokens: int) -> str:
    """Stream, kill the process after some tokens, and return what was delivered."""
    pieces: list[Spoken] = []
    with pytest.raises(RunnerGone, match="SIGKILL"):  # noqa: PT012
        for piece in pool.stream(REF, folder, LONG, threading.Event()):
            pieces.append(piece)
            if len(pieces) == tokens:
                os.kill(pool.states()[0].pid or 0, signal.SIGKILL)
    return said(pieces)


def test_the_life_of_a_runner(tmp_path: Path, folder: Path) -> None:
    loads: list[tuple[str, float]] = []
    pool = RunnerPool(1.0, logs=tmp_path, on_load=lambda *load: loads.append(load))
    try:
        before = time.monotonic()
        pool.warm(REF, folder)
        assert time.monotonic() - before < 0.05, "warming does not wait"
        (loading,) = pool.states()
        assert loading.state == "loading"
        assert loading.load_s is None

        text = killed_in_the_middle(pool, folder, 40)
        assert text == (TEXT * 9)[: len(text)]
        assert len(text) >= 40
        assert until(lambda: pool.states() == [], 1.0)

        short = Ask(LONG.messages, max_tokens=30)
        *pieces, last = list(pool.stream(REF, folder, short, threading.Event()))
        assert said(pieces) == TEXT[: len(said(pieces))]
        assert last.done is not None
        assert last.done["completion_tokens"] == 30
        assert last.load_s is not None
        (state,) = pool.states()
        assert state.state == "ready"
        assert state.memory_bytes is not None
        assert 100e6 < state.memory_bytes < 900e6
        assert [ref for ref, _seconds in loads] == [REF, REF]
        assert state.load_s == loads[-1][1]

        assert state.pid is not None
        assert until(lambda: pool.states() == [], 3.0), "idle, it is given up"
        assert until(lambda: not is_alive(state.pid or 0), 2.0)
        assert until(lambda: REF not in str(threading.enumerate()), 1.0), "nothing is left"
    finally:
        pool.close()


def test_loading_has_a_limit_and_can_be_cancelled(pool: RunnerPool, folder: Path) -> None:
    with pytest.raises(FirstTokenTimeout):
        list(pool.stream(REF, folder, LONG, threading.Event(), Limits(first_token_s=0.1)))
    (state,) = pool.states()
    assert state.state == "loading", "the next one finds it further on"

    cancel = threading.Event()
    threading.Timer(0.2, cancel.set).start()
    begun = time.monotonic()
    assert list(pool.stream(REF, folder, LONG, cancel)) == []
    assert time.monotonic() - begun < 0.5
    pool.close()
    assert not is_alive(state.pid or 0), "closing does not wait for a load"
    with pytest.raises(RunnerGone):
        list(pool.stream(REF, folder, LONG, threading.Event()))


def test_a_runner_that_dies_at_once_is_not_started_for_ever(
    pool: RunnerPool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(
        "#!/bin/sh\necho started >> \"$0.starts\"\necho 'no such device' >&2\nexit 1"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    for _ in range(6):
        with pytest.raises(RunnerGone, match="no such device"):
            list(pool.stream(REF, folder, LONG, threading.Event()))
    pool.warm(REF, folder)
    assert len((tmp_path / "python.starts").read_text().split()) == 3


def test_the_runner_trusts_no_folder_itself(pool: RunnerPool, tmp_path: Path) -> None:
    bad = make_scripted_model(tmp_path / "bad", "Hello.")
    (bad / "model.safetensors").rename(bad / "pytorch_model.bin")
    with pytest.raises(WeightsPickled):
        list(pool.stream(REF, bad, LONG, threading.Event()))


@pytest.mark.slow
def test_an_architecture_that_nobody_knows(pool: RunnerPool, tmp_path: Path) -> None:
    odd = make_scripted_model(tmp_path / "odd", "Hello.")
    config = (odd / "config.json").read_text().replace('"llama"', '"perpetual"')
    (odd / "config.json").write_text(config)
    with pytest.raises(ModelRefused, match="perpetual"):
        list(pool.stream(REF, odd, LONG, threading.Event()))


APP = """
import os, signal, sys, threading
from pathlib import Path
from core.messages import PromptMessage
from core.providers.base import GenerationOptions
from core.providers.starter import StarterProvider
from core.runner.loading import LoadOptions
from core.runner.pool import RunnerPool

pool = RunnerPool()
provider = StarterProvider(pool, Path(sys.argv[1]))
options = GenerationOptions(max_tokens=20)
ask = [PromptMessage("user", "Count.")]
chunks = list(provider.stream("starter", ask, options, threading.Event()))
heavy = [name for name in ("torch", "transformers", "tokenizers", "numpy") if name in sys.modules]
print(chunks[-1].done_reason, pool.states()[0].pid, heavy, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_app_stays_without_torch_and_its_runners_end_with_it(folder: Path) -> None:
    command = [sys.executable, "-c", APP, str(folder)]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    reason, pid, heavy = done.stdout.split(maxsplit=2)
    assert reason == "length"
    assert heavy.strip() == "[]"
    assert until(lambda: not is_alive(int(pid)), 2.0), "a killed app leaves no runner behind"


# --- loading as wanted, and letting go --------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunnerPool]:
    """What one test has loaded the next one need not load."""
    pool = RunnerPool(logs=tmp_path_factory.mktemp("shared"))
    yield pool
    pool.close()


def test_loading_in_another_way_starts_it_anew(shared: RunnerPool, folder: Path) -> None:
    pool = shared
    assert pool.load(REF, folder, LoadOptions(), threading.Event())
    pid = pool.pids()[REF]
    short = Ask(LONG.messages, max_tokens=5)

    def pid_after(load: LoadOptions | None) -> int:
        list(pool.stream(REF, folder, short, threading.Event(), load=load))
        return pool.pids()[REF]

    assert pid_after(None) == pid
    assert pid_after(LoadOptions(context_tokens=256, kv_type="f16")) == pid
    other = pid_after(LoadOptions(device="cpu"))
    assert other != pid
    assert not is_alive(pid)
    assert pid_after(None) == other, "nobody asked for another way"
    assert pool.states()[0].load.device == "cpu"


def test_unloading_waits_for_the_answer_or_not(shared: RunnerPool, folder: Path) -> None:
    pool = shared
    assert pool.unload("hf:nobody"), "what is not there is gone"
    short = Ask(LONG.messages, max_tokens=200)
    stream = pool.stream(REF, folder, short, threading.Event())
    next(stream)
    pid = pool.pids()[REF]
    gone: list[bool] = []
    thread = threading.Thread(target=lambda: gone.append(pool.unload(REF)))
    thread.start()
    *_pieces, last = list(stream)
    assert last.done is not None, "the answer under way ends first"
    thread.join(5)
    assert gone == [True]
    assert not is_alive(pid)

    stream = pool.stream(REF, folder, LONG, threading.Event())
    next(stream)
    pid = pool.pids()[REF]
    assert pool.unload(REF, force=True)
    assert not is_alive(pid)
    with pytest.raises(RunnerGone, match="unloaded"):
        list(stream)
    assert pool.states() == [], "and it is not started again"
