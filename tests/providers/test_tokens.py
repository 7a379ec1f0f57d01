"""Counting tokens: exactly where the tokenizer is here, and better with every answer elsewhere."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from core.paths import STARTER_MODEL
from core.providers.huggingface import HuggingFaceProvider
from core.providers.registry import Registry
from core.providers.starter import StarterProvider
from core.providers.tokens import TOKENIZER_FILE, TokenCounter, estimate_tokens
from core.runner.pool import RunnerPool
from testing.scripted_model import ScriptedProvider

TEXT = "Good evening! 今晩は。How do radios work?"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    pool = RunnerPool(60)
    providers = [
        StarterProvider(pool),
        HuggingFaceProvider(pool, tmp_path),
        ScriptedProvider(name="ollama"),
    ]
    return Registry(providers)


def test_the_starter_is_counted_by_its_own_tokenizer(registry: Registry) -> None:
    own = Tokenizer.from_file(str(STARTER_MODEL / TOKENIZER_FILE))
    counter = registry.tokens("starter")
    assert counter.exact
    assert counter(TEXT) == len(own.encode(TEXT, add_special_tokens=False).ids)
    assert counter("") == 0


def test_a_folder_of_the_user_is_counted_too_and_again_when_it_changed(
    registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / TOKENIZER_FILE
    assert not registry.tokens("hf:mine").exact
    shutil.copy(STARTER_MODEL / TOKENIZER_FILE, file)
    assert registry.tokens("hf:mine").exact
    time.sleep(0.01)
    file.write_text("{ broken")
    assert not registry.tokens("hf:mine").exact


@pytest.mark.parametrize("ref", ["ollama:qwen3", "hf:../../etc", "nobody:x", ""])
def test_all_others_are_estimated(registry: Registry, ref: str) -> None:
    counter = registry.tokens(ref)
    assert not counter.exact
    assert counter(TEXT) == estimate_tokens(TEXT)


def test_a_counter_is_one_per_model(registry: Registry) -> None:
    assert registry.tokens("ollama:a") is registry.tokens("ollama:a")
    assert registry.tokens("ollama:a") is not registry.tokens("ollama:b")


def test_an_estimate_learns_from_what_the_server_counted() -> None:
    counter = TokenCounter()
    text = "word " * 400
    before = counter(text)
    counter.learn(before, before * 2)
    assert counter(text) == before * 2
    counter.learn(counter(text), before * 2)
    assert counter(text) == before * 2  # what was learnt is not learnt twice


@pytest.mark.parametrize("measured", [1, 100_000])
def test_a_count_of_something_else_teaches_nothing(measured: int) -> None:
    counter = TokenCounter()
    before = counter("word " * 400)
    counter.learn(before, measured)
    assert counter("word " * 400) == before


def test_small_differences_leave_the_window_where_it_is() -> None:
    counter = TokenCounter()
    text = "word " * 400
    before = counter(text)
    for measured in (before + 10, before - 20, before + 30):
        counter.learn(before, measured)
    assert counter(text) == before


def test_a_text_is_tokenized_once_as_long_as_it_is_kept() -> None:
    asked: list[str] = []

    def measure(text: str) -> int:
        asked.append(text)
        return len(text)

    counter = TokenCounter(measure, exact=True)
    for number in range(20_000):
        counter(str(number % 5_000))
    assert len(asked) == 5_000
