"""Model folders as providers: listed, explained, answered from, in one shared runner."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from core.errors import (
    ModelIncomplete,
    ModelMissing,
    NotForChat,
    PromptTooLong,
    TokenTimeout,
    WeightsPickled,
)
from core.messages import PromptMessage
from core.providers.base import CHAT, STRUCTURED, Chunk, GenerationOptions
from core.providers.huggingface import HuggingFaceProvider
from core.runner.pool import RunnerPool
from testing.tiny_model import make_scripted_model, make_tiny_model

TEXT = "縁側へようこそ。お茶をどうぞ。Sit down; the garden is lovely today 🍵."
ASK = [PromptMessage("system", "You are Mio."), PromptMessage("user", "Hello!")]


@dataclass
class World:
    provider: HuggingFaceProvider
    pool: RunnerPool
    models: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    models = tmp_path_factory.mktemp("models")
    make_scripted_model(models / "mio", TEXT, window=400)
    endless = "".join(f"{number} " for number in range(1, 400))
    make_scripted_model(models / "someone" / "endless", endless, endless=True)
    pool = RunnerPool(logs=tmp_path_factory.mktemp("logs"))
    provider = HuggingFaceProvider(pool, models)
    provider.warm("hf:mio")
    provider.warm("hf:someone/endless")
    yield World(provider, pool, models)
    pids = [state.pid for state in pool.states()]
    provider.close()
    assert pool.states() == []
    assert not [pid for pid in pids if psutil.pid_exists(pid or 0)], "closing ends the runners"


def ask(
    world: World, ref: str, messages: list[PromptMessage], **options: object
) -> tuple[str, Chunk]:
    """(the text, the last chunk)"""
    given = GenerationOptions(**options)  # type: ignore[arg-type]
    *chunks, last = list(world.provider.stream(ref, messages, given, threading.Event()))
    return "".join(chunk.text for chunk in chunks), last


# --- what is there ----------------------------------------------------------------------------


def test_models_and_problems(world: World, tmp_path: Path) -> None:
    models = tmp_path / "models"
    make_tiny_model(models / "good")
    make_tiny_model(models / "Qwen" / "Tiny-0.1B")
    make_tiny_model(models / "base", template=None)
    pickled = make_tiny_model(models / "old") / "model.safetensors"
    pickled.rename(pickled.with_name("pytorch_model.bin"))
    (models / "unrelated").mkdir()
    provider = HuggingFaceProvider(RunnerPool(), models)
    assert [info.ref for info in provider.models()] == ["hf:Qwen/Tiny-0.1B", "hf:good"]
    assert {ref: type(error) for ref, error in provider.problems().items()} == {
        "hf:base": NotForChat,
        "hf:old": WeightsPickled,
    }


def test_info(world: World) -> None:
    info = world.provider.info("hf:mio")
    assert info.title == "mio"
    assert info.context_tokens == 400
    assert info.capabilities == {CHAT, STRUCTURED}
    assert info.local
    assert info.host is None
    assert info.size_bytes == (world.models / "mio" / "model.safetensors").stat().st_size
    by_path = world.provider.info(f"hf:{world.models / 'mio'}")
    assert by_path.context_tokens == 400


@pytest.mark.parametrize(
    "ref", ["hf:nobody", "hf:", "hf:../mio", "hf:mio/../../x", "hf:..\\mio", "hf:C:\\x", "hf:/no"]
)
def test_what_is_no_model_folder(world: World, ref: str) -> None:
    with pytest.raises(ModelMissing):
        world.provider.info(ref)
    with pytest.raises(ModelMissing):
        next(world.provider.stream(ref, ASK, GenerationOptions(), threading.Event()))
    world.provider.warm(ref)  # says nothing


def test_a_folder_that_cannot_be_used_says_why_before_anything_is_loaded(
    world: World, tmp_path: Path
) -> None:
    folder = make_tiny_model(tmp_path / "cut")
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelIncomplete, match=r"model\.safetensors"):
        ask(world, f"hf:{folder}", ASK)


# --- answers ----------------------------------------------------------------------------------


def test_an_answer(world: World) -> None:
    text, last = ask(world, "hf:mio", ASK)
    assert text == TEXT
    assert last.done_reason == "stop"
    assert last.usage is not None
    assert last.usage.prompt_tokens is not None
    assert last.usage.prompt_tokens > 8
    assert last.usage.completion_tokens is not None
    again, warm = ask(world, "hf:mio", ASK)
    assert again == TEXT
    assert warm.load_ms is None, "it was there already"


def test_characters_arrive_whole_and_one_by_one(world: World) -> None:
    options = GenerationOptions()
    chunks = list(world.provider.stream("hf:mio", ASK, options, threading.Event()))
    pieces = [chunk.text for chunk in chunks if chunk.text]
    assert "".join(pieces) == TEXT
    assert len(pieces) > len(TEXT) / 4
    assert all("\ufffd" not in piece for piece in pieces)


def test_length_and_stop_texts(world: World) -> None:
    text, last = ask(world, "hf:mio", ASK, max_tokens=5)
    assert last.done_reason == "length"
    assert TEXT.startswith(text)
    assert last.usage is not None
    assert last.usage.completion_tokens == 5
    text, last = ask(world, "hf:mio", ASK, stop=("どうぞ", "lovely"))
    assert text == "縁側へようこそ。お茶を"
    assert last.done_reason == "stop"


def test_sampling_options_reach_the_model(world: World) -> None:
    hot = {"temperature": 500.0, "top_p": 1.0, "extra": {"top_k": 0, "junk": "x"}}
    text, _last = ask(world, "hf:mio", ASK, seed=1, max_tokens=40, **hot)
    assert not TEXT.startswith(text)
    assert text == ask(world, "hf:mio", ASK, seed=1, max_tokens=40, **hot)[0]


def test_a_conversation_longer_than_the_window(world: World) -> None:
    turns = [
        PromptMessage(role, f"This is line {number} of a long talk.")  # type: ignore[arg-type]
        for number, role in zip(range(61), itertools.cycle(["user", "assistant"]), strict=False)
    ]
    text, last = ask(world, "hf:mio", [ASK[0], *turns], max_tokens=100)
    assert text == TEXT
    assert last.usage is not None
    assert last.usage.prompt_tokens is not None
    assert 200 < last.usage.prompt_tokens <= 300
    with pytest.raises(PromptTooLong):
        ask(world, "hf:mio", [PromptMessage("system", "long " * 1000), *turns])
    assert ask(world, "hf:mio", ASK)[0] == TEXT, "and the runner goes on"


# --- several at once --------------------------------------------------------------------------


def test_cancel_while_it_speaks_and_while_it_waits(world: World) -> None:
    options = GenerationOptions(max_tokens=4000)
    speaking, waiting = threading.Event(), threading.Event()
    first = world.provider.stream("hf:someone/endless", ASK, options, speaking)
    next(first)
    threading.Timer(0.2, waiting.set).start()
    begun = time.monotonic()
    second = list(world.provider.stream("hf:someone/endless", ASK, options, waiting))
    assert second == []
    assert time.monotonic() - begun < 0.5
    speaking.set()
    begun = time.monotonic()
    rest = list(first)
    assert time.monotonic() - begun < 0.3
    assert all(chunk.done_reason is None for chunk in rest)
    begun = time.monotonic()
    text, _last = ask(world, "hf:someone/endless", ASK, max_tokens=10)
    assert text.startswith("1 2 3")
    assert time.monotonic() - begun < 1.0, "the cancelled run does not go on in the runner"


def test_closing_the_stream_ends_the_run(world: World) -> None:
    options = GenerationOptions(max_tokens=4000)
    stream = world.provider.stream("hf:someone/endless", ASK, options, threading.Event())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    begun = time.monotonic()
    assert ask(world, "hf:someone/endless", ASK, max_tokens=10)[0].startswith("1 2 3")
    assert time.monotonic() - begun < 1.0


def test_several_rooms_ask_one_model(world: World) -> None:
    order: list[int] = []
    texts: dict[int, str] = {}

    def room(number: int) -> None:
        texts[number] = ask(world, "hf:mio", ASK)[0]
        order.append(number)

    ask(world, "hf:mio", ASK)  # loaded: from here on nobody stops to look at its files first
    threads = [threading.Thread(target=room, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
        time.sleep(0.03)
    for thread in threads:
        thread.join(20)
    assert texts == dict.fromkeys(range(6), TEXT)
    assert order == sorted(order), "first come, first served"


def test_a_runner_that_hangs_is_noticed_and_ended(world: World) -> None:
    ref = "hf:someone/endless"
    options = GenerationOptions(max_tokens=4000, between_tokens_s=0.3)
    stream = world.provider.stream(ref, ASK, options, threading.Event())
    next(stream)
    (pid,) = (state.pid for state in world.pool.states() if state.ref == ref)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(TokenTimeout):
        list(stream)
    end = time.monotonic() + 2.0
    while any(state.pid == pid for state in world.pool.states()) and time.monotonic() < end:
        time.sleep(0.02)
    assert ref not in {state.ref for state in world.pool.states()}


def test_nothing_is_reported_to_a_tracing_service(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from langsmith import utils

    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGSMITH_API_KEY", "key")
    utils.get_env_var.cache_clear()
    asked: list[str] = []
    monkeypatch.setattr("langsmith.Client.create_run", lambda *_a, **_k: asked.append("run"))
    try:
        assert ask(world, "hf:mio", ASK)[0] == TEXT
        assert asked == []
    finally:
        utils.get_env_var.cache_clear()
