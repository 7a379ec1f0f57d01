"""A scripted OpenAI-compatible server, and our provider talking to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.hosts import HostSettings
from core.messages import PromptMessage
from core.providers.base import Chunk, GenerationOptions
from core.providers.openai.provider import OpenAIProvider
from testing.scripted_openai import ScriptedOpenAI

PROMPT = [PromptMessage("user", "Hello there")]


@contextmanager
def provided(server: ScriptedOpenAI, **fields: Any) -> Iterator[OpenAIProvider]:
    """A provider whose host "box" is that server."""
    provider = OpenAIProvider({"box": HostSettings(url=server.url, **fields)})
    try:
        yield provider
    finally:
        provider.close()


def ask(
    provider: OpenAIProvider,
    ref: str = "openai:tiny@box",
    messages: list[PromptMessage] | None = None,
    cancel: threading.Event | None = None,
    **options: Any,
) -> Iterator[Chunk]:
    """Stream an answer; keyword arguments are `GenerationOptions`."""
    chosen = GenerationOptions(**{"retries": 0, "first_token_s": 5, **options})
    return provider.stream(ref, messages or PROMPT, chosen, cancel or threading.Event())
