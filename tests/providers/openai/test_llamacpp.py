"""`openai:` against a server that nobody here wrote: llama.cpp's, on a GGUF made for it.

    python -m venv llama && llama/bin/pip install "llama-cpp-python[server]==0.3.36" gguf==0.19.0
    ENGAWA_LLAMACPP_PYTHON=llama/bin/python python -m pytest -n 0 -m services tests/providers

It builds llama.cpp from source (about four minutes on two cores; gcc, g++ and cmake needed).
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.errors import ProviderError, ServerAway
from core.hosts import HostSettings
from core.messages import PromptMessage
from core.paths import PROJECT
from core.providers.base import GenerationOptions, Tool
from core.providers.openai.provider import OpenAIProvider
from testing.served import free_port
from tests.providers.conftest import text
from tests.providers.openai.world import PROMPT

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]

KEY = "sk-llama-test"
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"enum": ["Kyoto", "大阪"]}},
    "required": ["city"],
}


class Llama:
    """The server in a process of its own."""

    def __init__(self, python: str, model: Path) -> None:
        self.port = free_port()
        self._command = [python, "-m", "llama_cpp.server", "--model", str(model)]
        self._command += ["--port", str(self.port), "--n_ctx", "1024", "--api_key", KEY]
        # One thread each: its own default spins, and stands still on a busy machine.
        self._command += ["--model_alias", "tiny", "--n_threads", "1", "--n_threads_batch", "1"]

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet)
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/v1/models", trust_env=False)
                return
            except httpx.HTTPError:
                assert self._process.poll() is None, "the server ended"
                time.sleep(0.2)
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Llama]:
    python = os.environ.get("ENGAWA_LLAMACPP_PYTHON")
    if not python:
        pytest.skip("ENGAWA_LLAMACPP_PYTHON names no Python with llama-cpp-python and gguf")
    model = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    maker = PROJECT / "testing" / "tiny_gguf.py"
    subprocess.run([python, str(maker), str(model)], check=True, timeout=120)
    server = Llama(python, model)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def provider(llama: Llama, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIProvider]:
    monkeypatch.setenv("LLAMA_KEY", KEY)
    url = f"http://127.0.0.1:{llama.port}/v1"
    host = HostSettings(preset="llamacpp", url=url, key_env="LLAMA_KEY")
    made = OpenAIProvider({"llama": host})
    yield made
    made.close()


def ask(provider: OpenAIProvider, said: list[PromptMessage] | None = None, **options: Any) -> Any:
    cancel = options.pop("cancel", threading.Event())
    chosen = GenerationOptions(**{"max_tokens": 12, "seed": 7, "temperature": 0.0, **options})
    return provider.stream("openai:tiny@llama", said or PROMPT, chosen, cancel)


def test_it_is_listed(provider: OpenAIProvider) -> None:
    assert [info.ref for info in provider.models()] == ["openai:tiny@llama"]
    assert provider.states()[0].available


def test_it_answers_the_same_to_the_same(provider: OpenAIProvider) -> None:
    first, second = list(ask(provider)), list(ask(provider))
    assert text(first) == text(second) != ""
    assert first[-1].done_reason in ("stop", "length")
    assert len(first) > 2  # it streams


def test_its_length_is_what_was_asked(provider: OpenAIProvider) -> None:
    short, long = list(ask(provider, max_tokens=3)), list(ask(provider, max_tokens=30))
    assert short[-1].done_reason == "length"
    assert text(long).startswith(text(short).rstrip("\ufffd"))


@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_to_a_schema(provider: OpenAIProvider, seed: int) -> None:
    said = text(ask(provider, format=CITY, max_tokens=200, temperature=1.0, seed=seed))
    assert json.loads(said)["city"] in ("Kyoto", "大阪")


def test_a_wrong_key(provider: OpenAIProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_KEY", "sk-wrong")
    with pytest.raises(ProviderError) as raised:
        list(ask(provider))
    assert raised.value.code == "key_refused"


def test_tools_are_sent(provider: OpenAIProvider) -> None:
    tool = Tool("get_weather", "Weather of a city", CITY)
    chunks = list(ask(provider, tools=(tool,)))
    assert chunks[-1].done_reason in ("stop", "length")


def test_cancelling_leaves_it_usable(provider: OpenAIProvider) -> None:
    cancel = threading.Event()
    stream = ask(provider, max_tokens=200, cancel=cancel)
    next(stream)
    cancel.set()
    began = time.monotonic()
    assert all(chunk.done_reason is None for chunk in stream)
    assert time.monotonic() - began < 1
    assert text(ask(provider)) != ""


def test_it_may_be_killed_and_come_back(llama: Llama, provider: OpenAIProvider) -> None:
    stream = ask(provider, max_tokens=400)
    next(stream)
    llama.kill()
    with pytest.raises(ProviderError) as raised:
        list(stream)
    assert raised.value.code in ("stream_broken", "server_away")
    with pytest.raises(ServerAway):
        list(ask(provider, retries=0))
    llama.start()
    assert text(ask(provider)) != ""


def test_too_long_a_prompt_is_no_answer(llama: Llama, provider: OpenAIProvider) -> None:
    """This server begins with 200, says nothing, and answers nobody any more: so it is the last."""
    with pytest.raises(ProviderError) as raised:
        list(ask(provider, [PromptMessage("user", "word " * 3_000)]))
    assert raised.value.code in ("stream_broken", "model_refused")
    llama.kill()
    llama.start()
