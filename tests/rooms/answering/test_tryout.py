"""An agent tried out: it speaks as in a room, and nothing of it is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from core.agents import Agent
from core.messages import ReplyStatus
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench


def test_an_agent_that_is_not_saved_answers(open_workbench: OpenWorkbench) -> None:
    provider = ScriptedProvider()
    bench = open_workbench(provider)
    lines = bench.rooms.messages("Engawa")
    trial = bench.rooms.alone.try_out(Agent(name="Nobody yet"), "starter", "Hello?", user="Hana")
    assert trial.wait(10)
    assert (trial.text, trial.status) == ("Hello from the script.", ReplyStatus.COMPLETE)
    assert trial.spoken.model == "starter"
    sent = "\n".join(message.content for message in provider.asked[-1][1])
    assert "Nobody yet" in sent
    assert "Hana: Hello?" in sent
    assert bench.rooms.messages("Engawa") == lines


def test_it_can_be_read_while_it_speaks_and_stopped(open_workbench: OpenWorkbench) -> None:
    script = Script(pieces=["word "] * 200, pause_s=0.02)
    bench = open_workbench(ScriptedProvider({"starter": script}))
    trial = bench.rooms.alone.try_out(Agent(name="Slow"), "starter", "Hello?", user="Hana")
    _until(lambda: trial.text)
    assert trial.status is ReplyStatus.PENDING
    trial.stop()
    assert trial.wait(5)
    assert trial.status is ReplyStatus.STOPPED
    assert 0 < trial.text.count("word") < 200


def test_a_model_that_is_away_leaves_its_place_and_says_why(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench(ScriptedProvider())
    trial = bench.rooms.alone.try_out(Agent(name="Far"), "ollama:gone", "Hello?", user="Hana")
    assert trial.wait(10)
    assert (trial.wanted, trial.spoken.model) == ("ollama:gone", "starter")
    assert trial.spoken.reason is not None
    assert trial.spoken.reason.code == "fallback"


def test_two_speak_at_the_same_time(open_workbench: OpenWorkbench) -> None:
    held = threading.Event()
    provider = ScriptedProvider({"starter": Script(hold=held), "starter:two": Script()})
    bench = open_workbench(provider)
    first = bench.rooms.alone.try_out(Agent(name="A"), "starter", "Hello?", user="Hana")
    second = bench.rooms.alone.try_out(Agent(name="A"), "starter:two", "Hello?", user="Hana")
    assert second.wait(10)
    assert first.status is ReplyStatus.PENDING
    held.set()
    assert first.wait(10)


def _until(seen: Callable[[], object], timeout_s: float = 5) -> None:
    end = time.monotonic() + timeout_s
    while not seen() and time.monotonic() < end:
        time.sleep(0.01)
