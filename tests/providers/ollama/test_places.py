"""Where prompts may go, where a model runs, and what is known of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from core.messages import PromptMessage
from core.providers.base import CHAT, GenerationOptions, host_of, is_local
from core.providers.ollama.api import OllamaApi
from core.providers.ollama.models import tags_of
from core.providers.ollama.options import address_of
from core.providers.ollama.provider import OllamaProvider
from core.providers.ollama.shapes import Shapes
from testing.scripted_http import Hang, whole
from testing.scripted_ollama import Model, ScriptedOllama
from tests.providers.conftest import Ask


def test_the_environment_cannot_lead_a_prompt_elsewhere(
    server: ScriptedOllama, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedOllama() as elsewhere:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OLLAMA_HOST", "LANGSMITH_ENDPOINT"):
            monkeypatch.setenv(name, elsewhere.url)
        for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
            monkeypatch.setenv(name, "true")
        monkeypatch.setenv("LANGSMITH_API_KEY", "lsv2_x")
        monkeypatch.setenv("OLLAMA_API_KEY", "secret-of-another-service")
        provider = OllamaProvider(server.url)
        prompt = [PromptMessage("user", "private words")]
        list(provider.stream("ollama:tiny", prompt, GenerationOptions(), threading.Event()))
        provider.models()
        provider.close()
        time.sleep(0.3)  # tracers send in the background
        assert elsewhere.requests == []
    assert len(server.to("/api/chat")) == 1
    sent = [value for request in server.requests for value in request.headers.values()]
    assert not any("secret" in value for value in sent)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("all_proxy", "socks://127.0.0.1:9"),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
    ],
)
def test_what_the_environment_has_for_others_keeps_no_answer_back(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert [chunk for chunk in ask() if chunk.done_reason]


def test_start_up_does_not_import_langchain() -> None:
    code = (
        "import sys; from core.providers.ollama.provider import OllamaProvider as P;"
        "p = P('http://127.0.0.1:9'); p.state(); p.close();"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " ('langchain_core', 'langchain_ollama', 'ollama', 'langsmith', 'torch')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# --- models -----------------------------------------------------------------------------------


def test_a_model_passed_on_to_another_machine_is_not_local(
    server: ScriptedOllama, provider: OllamaProvider, ask: Ask
) -> None:
    """Ollama serves cloud models through the local server."""
    show = b'{"capabilities": ["completion"], "remote_host": "https://ollama.com:443"}'
    server.on("/api/show", whole(200, show))
    info = provider.info("ollama:tiny")
    assert (info.local, info.host) == (False, "ollama.com")
    list(ask())
    assert provider.host("ollama:tiny") == "ollama.com"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:11434", None),
        ("http://localhost:11434", None),
        ("http://[::1]:11434", None),
        ("http://127.1.2.3", None),
        ("http://[::ffff:127.0.0.1]:1", None),
        ("0.0.0.0", None),
        ("http://box.localhost", None),
        ("http://192.168.1.5:11434", "192.168.1.5"),
        ("http://127.0.0.1.evil.example:11434", "127.0.0.1.evil.example"),
        ("http://user:pw@127.0.0.1@evil.example", "evil.example"),
        ("https://gpu.example/ollama", "gpu.example"),
        ("http://localhost.evil.example", "localhost.evil.example"),
    ],
)
def test_the_badge_names_every_machine_but_this_one(url: str, host: str | None) -> None:
    provider = OllamaProvider(url)
    assert provider.host("ollama:x") == host
    assert is_local(url) is (host is None)
    provider.close()


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("localhost", "http://localhost:11434"),
        ("0.0.0.0:9999", "http://127.0.0.1:9999"),
        ("http://box", "http://box"),
        ("https://box/ai/", "https://box/ai"),
        ("[::]:5", "http://[::1]:5"),
        ("http://user:secret@box:1", "http://box:1"),
        ("", "http://127.0.0.1:11434"),
    ],
)
def test_addresses_as_people_write_them(written: str, address: str) -> None:
    assert address_of(written) == address


def test_an_unreadable_address_is_not_local() -> None:
    assert not is_local("http://[broken")
    assert host_of("http://[broken") == ""


def test_old_servers_do_not_tell_capabilities(
    server: ScriptedOllama, provider: OllamaProvider
) -> None:
    server.on("/api/show", whole(200, b'{"details": {"family": "qwen3"}}'))
    assert provider.info("ollama:tiny").capabilities == {CHAT}
    server.on("/api/show", whole(200, b'{"details": {"family": "bert"}}'))
    assert CHAT not in provider.info("ollama:minilm").capabilities


def test_a_list_asks_each_model_once_as_long_as_it_stays_the_same(
    server: ScriptedOllama, provider: OllamaProvider
) -> None:
    provider.models()
    provider.models()
    assert len(server.to("/api/show")) == 3
    server.models["tiny"] = Model("tiny", context_length=8192)  # pulled anew: another digest
    found = {model.title: model.context_tokens for model in provider.models()}
    assert found["tiny"] == 8192
    assert len(server.to("/api/show")) == 4


def test_a_server_that_falls_silent_is_not_asked_for_the_whole_list() -> None:
    with ScriptedOllama(models=[Model(f"m{number}") for number in range(40)]) as server:
        server.on("/api/show", [Hang()])
        api = OllamaApi(server.url, read_s=0.2)
        began = time.monotonic()
        shapes = Shapes(api).of_tags(tags_of(api.tags("Ollama")))
        assert time.monotonic() - began < 2  # not ten times 0.2 s and more
        assert len(shapes) == 40
        assert len(server.to("/api/show")) <= 8
        api.close()
