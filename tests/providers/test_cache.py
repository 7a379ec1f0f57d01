"""The same words again for exactly the same question, and only when they are wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import DiskFull, StorageError, explain
from core.messages import Image, PromptMessage, ToolCall, Usage
from core.paths import DataPaths
from core.providers.base import Chunk, GenerationOptions, LoadOptions, Tool
from core.providers.cache import NO_MATTER, AnswerCache, CacheLimits, forget_answer
from core.providers.chain import Chosen, answer
from core.providers.registry import Registry
from core.store import Store
from testing.scripted_model import ScriptedProvider

PROMPT = (PromptMessage("system", "You are Ren."), PromptMessage("user", "Hello"))
OPTIONS = GenerationOptions(seed=1)


class World:
    """A storage, a cache that can be switched, and a date that can be set."""

    def __init__(self, store: Store, **limits: int) -> None:
        self.store, self.wanted = store, True
        self.date = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        self.cache = AnswerCache(
            store, CacheLimits(**limits), lambda: self.wanted, now=lambda: self.date
        )

    def key(self, words: str = "Hello", ref: str = "box:a", **options: Any) -> str | None:
        prompt = [PROMPT[0], PromptMessage("user", words)]
        return self.cache.key(ref, prompt, replace(OPTIONS, **options))

    def keep(self, words: str, content: str) -> None:
        key = self.key(words)
        assert key is not None
        self.store.write(lambda conn: self.cache.keep(conn, key, "box:a", content))
        self.date += timedelta(seconds=1)

    def find(self, words: str) -> str | None:
        key = self.key(words)
        found = self.cache.find(key) if key else None
        return found.content if found else None


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


CHANGES: dict[str, Any] = {
    "context_tokens": 1,
    "max_tokens": 1,
    "temperature": 0.1,
    "top_p": 0.1,
    "seed": 2,
    "stop": ("x",),
    "extra": {"min_p": 0.1},
    "reasoning": True,
    "tools": (Tool("look", "", {}),),
    "format": "json",
    "load": LoadOptions(kv_type="q8_0"),
}


@pytest.mark.parametrize("option", CHANGES)
def test_every_option_that_changes_the_answer_is_another_question(
    world: World, option: str
) -> None:
    assert world.key(**{option: CHANGES[option]}) != world.key()


@pytest.mark.parametrize("option", NO_MATTER)
def test_how_long_one_waits_is_not(world: World, option: str) -> None:
    assert world.key(**{option: 1}) == world.key()


def test_no_option_is_forgotten() -> None:
    known = {field.name for field in fields(GenerationOptions)}
    assert known == CHANGES.keys() | set(NO_MATTER)


PROMPTS: Sequence[Sequence[PromptMessage]] = [
    PROMPT,
    PROMPT[1:],
    PROMPT[::-1],
    [PromptMessage("user", "You are Ren."), PROMPT[1]],
    [PROMPT[0], PromptMessage("user", "Hello ")],
    [PROMPT[0], PromptMessage("user", "hello")],
    [PROMPT[0], PromptMessage("user", "Hello"), PromptMessage("assistant", "")],
    [PromptMessage("system", 'You are Ren."], ["user", "Hello')],
    [PROMPT[0], PromptMessage("user", "Ｈello")],
    [PROMPT[0], PromptMessage("user", "Hello", images=(Image(b"a"),))],
    [PROMPT[0], PromptMessage("user", "Hello", images=(Image(b"b"),))],
    [PROMPT[0], PromptMessage("user", "Hello", tool_calls=(ToolCall("1", "look", {}),))],
]


def test_every_character_of_the_prompt_and_the_model_count(world: World) -> None:
    keys = {world.cache.key(ref, prompt, OPTIONS) for prompt in PROMPTS for ref in ("a", "b")}
    assert len(keys) == 2 * len(PROMPTS)
    assert world.cache.key("a", list(PROMPT), OPTIONS) in keys


def test_switched_off_nothing_is_known(world: World) -> None:
    world.keep("Hello", "Good day")
    world.wanted = False
    assert world.key() is None
    world.wanted = True
    assert world.find("Hello") == "Good day"


def test_switched_off_it_costs_next_to_nothing(world: World) -> None:
    world.wanted = False
    long = [PromptMessage("user", "word " * 50_000)]
    began = time.perf_counter()
    for _ in range(1_000):
        world.cache.key("box:a", long, OPTIONS)
    assert (time.perf_counter() - began) / 1_000 < 0.001


def test_what_is_too_old_is_not_said_again(store: Store) -> None:
    world = World(store, days=2)
    world.keep("Hello", "Good day")
    world.date += timedelta(days=1, hours=23)
    assert world.find("Hello") == "Good day"
    world.date += timedelta(hours=1)
    assert world.find("Hello") is None
    world.keep("Later", "Good evening")
    assert world.cache.counts().rows == 1


def test_the_oldest_go_when_there_are_too_many(store: Store) -> None:
    world = World(store, rows=3)
    for number in range(5):
        world.keep(f"q{number}", f"a{number}")
    assert [world.find(f"q{number}") for number in range(5)] == [None, None, "a2", "a3", "a4"]


def test_the_oldest_go_when_they_are_too_long(store: Store) -> None:
    world = World(store, total_bytes=100)
    world.keep("first", "x" * 40)
    world.keep("second", "あ" * 20)  # 60 bytes
    assert world.cache.counts().total_bytes == 100
    world.keep("third", "y")
    assert [world.find(words) for words in ("first", "second", "third")] == [None, "あ" * 20, "y"]
    world.keep("fourth", "z" * 101)
    assert world.find("fourth") is None


def test_uses_are_counted_and_everything_can_be_cleared(world: World, store: Store) -> None:
    world.keep("Hello", "Good day")
    world.keep("Hello?", "Yes?")
    assert (world.find("Hello"), world.find("Hello"), world.find("no")) == (
        "Good day",
        "Good day",
        None,
    )
    store.write(lambda conn: None)
    assert world.cache.counts().hits == 2
    assert world.cache.clear() == 2
    assert (world.find("Hello"), world.cache.counts().rows) == (None, 0)


def test_erased_words_are_not_said_again(world: World, store: Store) -> None:
    world.keep("one", "My number is 5.")
    world.keep("two", "My number is 5.")
    world.keep("three", "Something else.")
    store.write(lambda conn: forget_answer(conn, "My number is 5."))
    assert [world.find(words) for words in ("one", "two", "three")] == [
        None,
        None,
        "Something else.",
    ]


def test_a_broken_storage_has_no_answers(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.keep("Hello", "Good day")

    def broken(_store: Store) -> Any:
        raise DiskFull(folder="/data")

    monkeypatch.setattr(Store, "read", broken)
    with pytest.raises(StorageError):
        world.cache.counts()
    assert world.find("Hello") is None


# --- in the chain ---------------------------------------------------------------------------------


def ask(world: World, model: ScriptedProvider) -> list[Any]:
    stopping = threading.Event()
    registry = Registry([model])
    chain = ["starter"]
    return list(
        answer(registry, chain, lambda _ref, _tokens: PROMPT, OPTIONS, stopping, cache=world.cache)
    )


def test_a_kept_answer_is_given_without_asking_and_says_so(world: World, store: Store) -> None:
    model = ScriptedProvider()
    first = ask(world, model)[0]
    assert isinstance(first, Chosen)
    assert first.key is not None
    assert first.reason is None
    key = first.key
    store.write(lambda conn: world.cache.keep(conn, key, "starter", "Hello."))
    again = ask(world, model)
    assert len(model.asked) == 1
    chosen = again[0]
    assert (chosen.ref, chosen.key, chosen.reason.code) == ("starter", None, "from_cache")
    assert explain(chosen.reason, "en") == (
        "From the cache: what starter answered to exactly the same on 2026-11-21."
    )
    assert again[1:] == [
        Chunk("Hello."),
        Chunk(usage=Usage(prompt_tokens=0, completion_tokens=0), done_reason="stop"),
    ]


def test_a_kept_answer_of_a_fallback_says_both(world: World, store: Store) -> None:
    model, stopping = ScriptedProvider(), threading.Event()
    chosen = next(
        iter(answer(Registry([model]), ["gone:x"], lambda _ref, _tokens: PROMPT, OPTIONS, stopping))
    )
    assert chosen.key is None  # type: ignore[union-attr]
    key = world.cache.key("starter", PROMPT, OPTIONS)
    assert key is not None
    store.write(lambda conn: world.cache.keep(conn, key, "starter", "Hello."))
    pieces = answer(
        Registry([model]),
        ["gone:x"],
        lambda _ref, _tokens: PROMPT,
        OPTIONS,
        stopping,
        cache=world.cache,
    )
    reason = next(iter(pieces)).reason  # type: ignore[union-attr]
    assert reason is not None
    assert reason.code == "fallback_cached"
    assert "from the cache of 2026-11-21" in explain(reason, "en")
