"""Memory runs short, at load and in the middle of an answer: the room gets its answer all the same.

The server is scripted and speaks the recorded texts of a real one; everything else is real.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from core.messages import Message, ReplyStatus
from core.providers.ollama.provider import OllamaProvider
from core.settings import load_settings
from core.workbench import Workbench
from testing.scripted_http import Request, Step
from testing.scripted_model import ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama, done, line, stream, token, whole
from tests.conftest import OpenWorkbench

NO_ROOM = b'{"error":"model requires more system memory (9.0 GiB) than is available (3.1 GiB)"}'
CRASHED = {"error": "llama runner process has terminated: CUDA error: out of memory"}
HELLO = ("The kettle ", "sings ", "on the stove.")


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    with ScriptedOllama(models=[Model("tiny"), Model("small")]) as running:
        yield running


def bench_on(open_workbench: OpenWorkbench, server: ScriptedOllama, **ladder: Any) -> Workbench:
    models = {"ladder": {"ollama:tiny": ladder}} if ladder else {}
    bench = open_workbench(ScriptedProvider(), OllamaProvider(server.url), models=models)
    bench.preferences.set("default_model", "ollama:tiny")
    bench.rooms.create("one", ["Ren"])
    return bench


def said(bench: Workbench, text: str = "Hello") -> Message:
    bench.rooms.post("one", text, sender="Yuki")
    assert bench.rooms.wait_idle("one", 20)
    return bench.rooms.messages("one")[-1]


def windows(server: ScriptedOllama) -> list[tuple[str, int]]:
    asked = [one.json for one in server.requests if one.path == "/api/chat"]
    return [(one["model"], one["options"]["num_ctx"]) for one in asked if one["messages"]]


def refusing(most: int) -> Callable[[Request], list[Step]]:
    """A server whose memory holds `most` tokens of context."""

    def chat(request: Request) -> list[Step]:
        if request.json["options"]["num_ctx"] > most:
            return whole(500, NO_ROOM)
        return stream(*(token(word) for word in HELLO), done())

    return chat


def events(bench: Workbench) -> list[tuple[str, str, Any, Any]]:
    bench.store.write(lambda _conn: None)  # what was on its way is there
    found = [one for one in bench.telemetry.events() if "before" in one.detail]
    return [(e.kind, e.subject, e.detail["before"], e.detail["after"]) for e in reversed(found)]


def test_a_load_that_is_refused_is_asked_for_less(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on("/api/chat", refusing(1500))
    bench = bench_on(open_workbench, server)
    reply = said(bench)
    assert (reply.status, reply.content, reply.model) == (
        ReplyStatus.COMPLETE,
        "".join(HELLO),
        "ollama:tiny",
    )
    assert reply.reason is not None
    assert (reply.reason.code, reply.reason.params["after"]) == ("lessened_context", "1024")
    assert "9.0 GiB" in reply.reason.params["cause"]["params"]["detail"]
    assert windows(server) == [("tiny", 4096), ("tiny", 2048), ("tiny", 1024)]
    assert events(bench) == [
        ("ladder_context", "ollama:tiny", 4096, 2048),
        ("ladder_context", "ollama:tiny", 2048, 1024),
    ]
    texts = [event.text("en") for event in bench.telemetry.events()]
    assert any("3.1 GiB" in text for text in texts)
    assert sum("OLLAMA_KV_CACHE_TYPE=q8_0" in text for text in texts) == 1


def test_the_next_answer_begins_where_the_model_stands(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on("/api/chat", refusing(2048))
    bench = bench_on(open_workbench, server)
    said(bench)
    again = said(bench, "And now?")
    assert windows(server) == [("tiny", 4096), ("tiny", 2048), ("tiny", 2048)]
    assert again.reason is not None
    assert again.reason.code == "lessened_context"
    [state] = bench.ladder.states()
    assert (state.ref, state.level, state.rung.after) == ("ollama:tiny", 1, 2048)
    bench.ladder.reset("ollama:tiny")
    said(bench, "Once more")
    assert windows(server)[-2:] == [("tiny", 4096), ("tiny", 2048)]


def test_memory_that_runs_out_in_the_middle_doubles_nothing(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on(
        "/api/chat",
        stream(token("The kettle "), token("sings "), line(CRASHED)),
        stream(token("on the stove."), done()),
    )
    bench = bench_on(open_workbench, server)
    with bench.rooms.watch("one", after=0) as watch:
        reply = said(bench)
        told = ""
        while event := watch.get(0):
            told += event.text or ""
    assert (reply.status, reply.content) == (ReplyStatus.COMPLETE, "".join(HELLO))
    assert told.endswith(reply.content)  # what was streamed is what is stored
    assert len(bench.rooms.messages("one")) == 2
    assert reply.reason is not None
    assert reply.reason.code == "went_on"
    first, second = (one.json for one in server.requests if one.path == "/api/chat")
    assert second["messages"][-1] == {"role": "assistant", "content": "The kettle sings "}
    assert second["messages"][:-1] == first["messages"]
    assert (first["options"]["num_ctx"], second["options"]["num_ctx"]) == (4096, 2048)
    assert events(bench) == [("ladder_context", "ollama:tiny", 4096, 2048)]


@pytest.mark.parametrize("cut", [1, 4, 12, 28])
def test_a_model_that_begins_anew_is_heard_once(
    open_workbench: OpenWorkbench, server: ScriptedOllama, cut: int
) -> None:
    whole_text = "".join(HELLO)
    pieces = [token(whole_text[at : at + cut]) for at in range(0, len(whole_text), cut)]
    server.on(
        "/api/chat",
        stream(token("The kettle "), token("sings "), line(CRASHED)),
        stream(*pieces, done()),
    )
    reply = said(bench_on(open_workbench, server))
    assert (reply.status, reply.content) == (ReplyStatus.COMPLETE, whole_text)


def test_when_nothing_is_left_the_beginning_stays_and_says_so(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on("/api/chat", stream(token("The kettle "), line(CRASHED)), whole(500, NO_ROOM))
    reply = said(bench_on(open_workbench, server))
    assert (reply.status, reply.content) == (ReplyStatus.PARTIAL, "The kettle")
    assert reply.reason is not None
    assert reply.reason.code == "out_of_memory"


def test_after_its_own_rungs_comes_the_users_list(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    def chat(request: Request) -> list[Step]:
        if request.json["model"] == "tiny":
            return whole(500, NO_ROOM)
        return stream(token("Small talk."), done())

    server.on("/api/chat", chat)
    reply = said(bench_on(open_workbench, server, lesser=["ollama:gone", "ollama:small"]))
    assert (reply.content, reply.model) == ("Small talk.", "ollama:small")
    assert reply.reason is not None
    assert reply.reason.code == "lessened_model"
    assert reply.reason.params["cause"]["code"] == "out_of_memory"


def test_the_starter_is_the_last_rung(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on("/api/chat", whole(500, NO_ROOM))
    reply = said(bench_on(open_workbench, server))
    assert (reply.model, reply.status) == ("starter", ReplyStatus.COMPLETE)
    assert reply.reason is not None
    assert reply.reason.code == "fallback"


def test_it_can_be_switched_off_for_a_model(
    open_workbench: OpenWorkbench, server: ScriptedOllama
) -> None:
    server.on("/api/chat", refusing(2048))
    reply = said(bench_on(open_workbench, server, on=False))
    assert reply.model == "starter"
    assert windows(server) == [("tiny", 4096)]
    assert load_settings().models.ladder == {}
