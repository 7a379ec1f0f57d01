"""A scripted Ollama, and our provider talking to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from core.messages import PromptMessage
from core.providers.base import Chunk, GenerationOptions
from core.providers.ollama.provider import OllamaProvider
from testing.scripted_ollama import ScriptedOllama

Ask = Callable[..., Iterator[Chunk]]


@pytest.fixture(scope="session", autouse=True)
def _langchain_is_there() -> None:
    """Its import takes most of a second, which no test's clock should see."""
    import langchain_ollama  # noqa: F401


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    """A healthy server that a test may script."""
    with ScriptedOllama() as started:
        yield started


@pytest.fixture
def provider(server: ScriptedOllama) -> Iterator[OllamaProvider]:
    made = OllamaProvider(server.url)
    yield made
    made.close()


@pytest.fixture
def ask(provider: OllamaProvider) -> Ask:
    """Stream an answer; keyword arguments are `GenerationOptions`."""

    def asking(
        ref: str = "ollama:tiny", cancel: threading.Event | None = None, **options: object
    ) -> Iterator[Chunk]:
        chosen = GenerationOptions(**{"retries": 0, "first_token_s": 5, **options})  # type: ignore[arg-type]
        prompt = [PromptMessage("user", "Hello there")]
        return provider.stream(ref, prompt, chosen, cancel or threading.Event())

    return asking


@pytest.fixture
def nothing_leaks() -> Iterator[None]:
    """No thread of the provider outlives its test."""
    yield
    until = time.monotonic() + 3
    while leaked := [t.name for t in threading.enumerate() if "ollama" in t.name]:
        assert time.monotonic() < until, leaked
        time.sleep(0.02)


def text(chunks: Iterable[Chunk]) -> str:
    """The whole text of an answer."""
    return "".join(chunk.text for chunk in chunks)


class Stop(threading.Event):
    """Set after a while; remembers when that was."""

    def __init__(self, after_s: float) -> None:
        super().__init__()
        self.at = float("inf")
        threading.Timer(after_s, self.set).start()

    def set(self) -> None:
        self.at = time.monotonic()
        super().set()
