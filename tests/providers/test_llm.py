"""Models of the `llm` command-line tool: a stand-in for its command here, the real one beside.

python -m venv llm && llm/bin/pip install llm==0.36
ENGAWA_LLM_PYTHON=llm/bin/python python -m pytest -n 0 -m services tests/providers
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    AnswerEmpty,
    FirstTokenTimeout,
    Incapable,
    LlmAbsent,
    ModelMissing,
    ServerFault,
    StreamBroken,
    TokenTimeout,
)
from core.messages import PromptMessage, Usage
from core.providers.base import GenerationOptions
from core.providers.llm.provider import LlmProvider, written_out
from tests.providers.conftest import text

HEAD = """
import json, pathlib, sys, time
if sys.argv[1:3] == ["models", "list"]:
    print(json.dumps([{"model_id": "echo"}, {"model_id": "--evil"}, {"x": 1}, 3])); sys.exit()
asked = sys.stdin.buffer.read().decode("utf-8")
given = sys.argv[1:]
def say(what, **more): sys.stdout.write(what); sys.stdout.flush()
def tell(what): sys.stderr.write(what); sys.stderr.flush()
"""
SAID = PromptMessage("user", "Grüße, 茶")
Make = Callable[[str], LlmProvider]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """A provider over a small command that does what its script says."""
    made: list[LlmProvider] = []

    def making(script: str) -> LlmProvider:
        file = tmp_path / "tool.py"
        file.write_text(HEAD + script, encoding="utf-8")
        made.append(LlmProvider([sys.executable, "-X", "utf8", str(file)]))
        return made[-1]

    yield making
    for provider in made:
        provider.close()


def ask(provider: LlmProvider, ref: str = "llm:echo", *said: PromptMessage, **options: Any) -> Any:
    cancel = options.pop("cancel", threading.Event())
    chosen = GenerationOptions(**options)
    return provider.stream(ref, said or [SAID], chosen, cancel)


def test_its_models_count_as_elsewhere(make: Make) -> None:
    provider = make("")
    (echo,) = provider.models()
    assert (echo.ref, echo.local, echo.host) == ("llm:echo", False, "llm")
    assert provider.info("llm:echo") == echo
    with pytest.raises(ModelMissing):
        provider.info("llm:other")


def test_an_answer_and_what_it_is_asked_with(make: Make) -> None:
    script = "system = pathlib.Path(given[given.index('--sf') + 1]).read_text('utf-8')\n"
    script += "say(f'{asked}|{system}|'); say(' '.join(given[:3]))\n"
    script += "tell('Token usage: 1,012 input, 3 output\\n')"
    system = PromptMessage("system", "You are Ren.")
    chunks = list(ask(make(script), "llm:echo", system, SAID, extra={"temperature": 0.5}))
    assert text(chunks) == "Grüße, 茶|You are Ren.|-m echo --no-log"
    assert (chunks[-1].done_reason, chunks[-1].usage) == ("stop", Usage(1012, 3))


def test_a_talk_is_written_out() -> None:
    talk = [PromptMessage("system", "S"), SAID, PromptMessage("assistant", "Hm."), SAID]
    lines = ["User: Grüße, 茶", "Assistant: Hm.", "User: Grüße, 茶", "Assistant:"]
    assert written_out(talk) == ("S", "\n\n".join(lines))
    assert written_out([SAID]) == ("", "Grüße, 茶")


def test_letters_that_come_in_halves(make: Make) -> None:
    script = "for b in asked.encode(): sys.stdout.buffer.write(bytes([b])); sys.stdout.flush()"
    assert text(ask(make(script))) == "Grüße, 茶"


FAULTS = [
    ("tell('Error: No key found'); sys.exit(1)", ServerFault),
    ("tell(\"Error: 'Unknown model: echo'\"); sys.exit(1)", ModelMissing),
    ("say('Hel'); tell('Error: it broke'); sys.exit(1)", StreamBroken),
    ("say('  ')", AnswerEmpty),
    ("raise RuntimeError('oh')", ServerFault),
]


@pytest.mark.parametrize(("script", "kind"), FAULTS)
def test_a_failure(make: Make, script: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        list(ask(make(script)))
    assert type(raised.value) is kind


def test_silence_has_two_limits(make: Make) -> None:
    with pytest.raises(FirstTokenTimeout):
        list(ask(make("time.sleep(60)"), first_token_s=0.5))
    with pytest.raises(TokenTimeout):
        list(ask(make("say('Hel'); time.sleep(60)"), between_tokens_s=0.5))


@pytest.mark.skipif(os.name != "posix", reason="looks at processes of POSIX")
def test_cancelling_ends_the_tool_and_its_children(make: Make, tmp_path: Path) -> None:
    script = "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
    script += "say(str(child.pid) + ' '); time.sleep(60)"
    cancel = threading.Event()
    stream = ask(make(script), cancel=cancel)
    pid = int(next(stream).text)
    cancel.set()
    began = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - began < 2
    until = time.monotonic() + 3
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        if "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            break
        time.sleep(0.02)
    else:
        assert not Path(f"/proc/{pid}").exists()


def test_it_may_be_absent() -> None:
    provider = LlmProvider([])
    assert provider.models() == []
    assert (provider.state().available, provider.state().error) == (False, None)
    with pytest.raises(LlmAbsent, match="not installed"):
        list(ask(provider))


@pytest.mark.parametrize("ref", ["llm:", "llm:--help", "llm:-x"])
def test_a_name_is_no_option(make: Make, ref: str) -> None:
    with pytest.raises(ModelMissing):
        list(ask(make("say('Hello')"), ref))


def test_a_shape_is_refused(make: Make) -> None:
    with pytest.raises(Incapable):
        list(ask(make("say('Hello')"), format="json"))


PLUGIN = """
import llm

class Echo(llm.Model):
    model_id = "engawa-echo"
    can_stream = True

    def execute(self, prompt, stream, response, conversation):
        yield f"{prompt.system}: "
        yield from prompt.prompt

@llm.hookimpl
def register_models(register):
    register(Echo())
"""


@pytest.mark.services
def test_the_real_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = os.environ.get("ENGAWA_LLM_PYTHON")
    if not python:
        pytest.skip("ENGAWA_LLM_PYTHON names no Python with llm installed")
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    (plugin / "engawa_echo.py").write_text(PLUGIN, encoding="utf-8")
    starter = tmp_path / "tool.py"
    starter.write_text(
        f"import sys; sys.path.insert(0, {str(plugin)!r})\n"
        "import engawa_echo\nfrom llm.plugins import pm\npm.register(engawa_echo)\n"
        "from llm.cli import cli\ncli()\n"
    )
    assert subprocess.run([python, "-c", "import llm"], check=False).returncode == 0
    provider = LlmProvider([python, str(starter)])
    try:
        assert "llm:engawa-echo" in {info.ref for info in provider.models()}
        system = PromptMessage("system", "You are Ren.")
        chunks = list(ask(provider, "llm:engawa-echo", system, SAID))
        assert text(chunks) == "You are Ren.: Grüße, 茶\n"
        with pytest.raises(ModelMissing):
            list(ask(provider, "llm:nobody"))
    finally:
        provider.close()
    log = (tmp_path / "logs.db").read_bytes()  # it is made, and stays empty
    assert b"You are Ren" not in log
    assert "Grüße".encode() not in log
