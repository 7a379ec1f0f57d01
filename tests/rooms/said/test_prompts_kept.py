"""The prompt of every reply is kept beside it: exactly what the model was sent."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import func, select

from core.agents import traces
from core.agents.prompt import Part, Prompt
from core.errors import AnswerEmpty, PromptNotKept
from core.messages import PromptMessage, ReplyStatus
from core.store import tables as t
from core.text import words
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench


def test_what_was_sent_can_be_read_again(open_workbench: OpenWorkbench) -> None:
    model = ScriptedProvider()
    bench = open_workbench(model)
    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.post("Tea", "Hello there", sender="Yuki")
    assert bench.rooms.wait_idle("Tea", 10)
    trace = bench.rooms.record.prompt("Tea", 2)
    assert [(trace.model, list(trace.prompt.messages))] == model.asked
    assert (trace.prompt.template, trace.prompt.rule) == ("starter", "starter")
    assert trace.prompt.parts[-1].tokens > 0
    assert str(trace.prompt.parts[-1].note) == "1 of 1 lines"


def test_a_fallback_keeps_the_prompt_of_the_model_that_answered(
    open_workbench: OpenWorkbench,
) -> None:
    broken = ScriptedProvider(
        scripts={"ollama:m": Script(error=AnswerEmpty(model="m"))}, name="ollama"
    )
    bench = open_workbench(broken, ScriptedProvider(), models={"default": "ollama:m"})
    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.post("Tea", "Hello", sender="Yuki")
    assert bench.rooms.wait_idle("Tea", 10)
    assert bench.rooms.message("Tea", 2).status is ReplyStatus.COMPLETE
    assert bench.rooms.record.prompt("Tea", 2).model == "starter"
    assert broken.asked


def test_a_failed_reply_keeps_what_was_asked_last(open_workbench: OpenWorkbench) -> None:
    failing = ScriptedProvider(scripts={"starter": Script(error=AnswerEmpty(model="starter"))})
    bench = open_workbench(failing)
    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.post("Tea", "Hello", sender="Yuki")
    assert bench.rooms.wait_idle("Tea", 10)
    assert bench.rooms.message("Tea", 2).status is ReplyStatus.FAILED
    assert "Hello" in bench.rooms.record.prompt("Tea", 2).prompt.messages[-1].content


def test_lines_of_people_and_replies_under_way_have_none(open_workbench: OpenWorkbench) -> None:
    hold = threading.Event()
    bench = open_workbench(ScriptedProvider(scripts={"starter": Script(hold=hold)}))
    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.post("Tea", "Hello", sender="Yuki")
    for seq in (1, 2, 99):
        with pytest.raises(PromptNotKept):
            bench.rooms.record.prompt("Tea", seq)
    hold.set()
    assert bench.rooms.wait_idle("Tea", 10)
    assert bench.rooms.record.prompt("Tea", 2)


def test_deleted_words_are_gone_from_later_prompts_too(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    bench.rooms.create("Tea", ["Ren"])
    for text in ("first", "my secret", "third"):
        bench.rooms.post("Tea", text, sender="Yuki")
        assert bench.rooms.wait_idle("Tea", 10)
    bench.rooms.delete_message("Tea", 3)
    assert bench.rooms.record.prompt("Tea", 2)
    for seq in (4, 6):
        with pytest.raises(PromptNotKept):
            bench.rooms.record.prompt("Tea", seq)


def test_the_estimate_learns_from_what_the_server_counted(open_workbench: OpenWorkbench) -> None:
    """The scripted server counts one token a message: too few to be believed."""
    bench = open_workbench(
        ScriptedProvider(name="ollama"), ScriptedProvider(), models={"default": "ollama:m"}
    )
    before = bench.registry.tokens("ollama:m")("word " * 100)
    bench.rooms.create("Tea", ["Ren"])
    bench.rooms.post("Tea", "Hello", sender="Yuki")
    assert bench.rooms.wait_idle("Tea", 10)
    assert bench.registry.tokens("ollama:m")("word " * 100) == before


PROMPT = Prompt(
    (PromptMessage("system", "You are Ren 漢字 \ud800"), PromptMessage("user", "Yuki: Hi\n")),
    (Part("system", 9, 12, words("{used} of {all} lines", used=1, all=2)), Part("summary", 0, 0)),
    "engineer",
    "engineer, casual",
    exact=True,
)


def test_it_comes_back_as_it_was(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    room = bench.rooms.create("Tea").id
    bench.store.write(lambda conn: traces.keep(conn, room, 1, PROMPT, "ollama:m"))
    with bench.store.read() as conn:
        trace = traces.load(conn, room, 1)
    assert trace.model == "ollama:m"
    assert trace.prompt.messages == PROMPT.messages
    assert trace.prompt.tokens == PROMPT.tokens
    assert str(trace.prompt.parts[0].note) == "1 of 2 lines"
    assert (trace.prompt.template, trace.prompt.rule) == ("engineer", "engineer, casual")
    assert trace.prompt.exact


def test_old_ones_go_and_long_ones_are_small(open_workbench: OpenWorkbench) -> None:
    bench = open_workbench()
    room = bench.rooms.create("Tea").id
    long = Prompt((PromptMessage("system", "You are Ren. " * 5_000),), (), "t", "r")

    def fill(conn) -> None:  # type: ignore[no-untyped-def]
        for seq in range(1, traces.KEPT_LINES + 101):
            traces.keep(conn, room, seq, long, "m")

    bench.store.write(fill)
    with bench.store.read() as conn:
        where = t.prompts.c.room_id == room
        kept = conn.execute(select(func.count()).select_from(t.prompts).where(where)).scalar_one()
        body = conn.execute(select(t.prompts.c.body).where(where)).scalars().first()
    assert kept == traces.KEPT_LINES
    assert body is not None
    assert len(body) < len(json.dumps(long.messages[0].content)) / 20
