"""A round: who answers, in which order, and what becomes of the replies."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, insert

from core.errors import IdempotencyConflict, SenderIsAgent, ServerAway, StorageBusy, TokenTimeout
from core.messages import Kind, ReplyStatus
from core.rooms.policies.base import Choice
from core.rooms.turns import round_book, rounds
from core.store import tables as t
from core.store.schema import raw
from testing.scripted_model import Script, ScriptedProvider
from tests.conftest import OpenWorkbench

ROOM = "Engawa"


def test_every_member_answers_in_order(workbench):
    asked = workbench.rooms.post(ROOM, "Good evening", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    lines = workbench.rooms.messages(ROOM)
    assert [line.sender for line in lines] == ["Yuki", "Mizuho", "Ren", "Aki"]
    assert [line.seq for line in lines] == [1, 2, 3, 4]
    assert [line.content for line in lines[1:]] == ["Hello from the script."] * 3
    assert {line.status for line in lines} == {ReplyStatus.COMPLETE}
    assert {line.reply_to for line in lines[1:]} == {asked.seq}
    assert all(line.timings and line.timings.first_token_ms is not None for line in lines[1:])


def test_a_message_and_the_turn_that_answers_it_are_one_commit(open_workbench: OpenWorkbench):
    hold = threading.Event()
    bench = open_workbench(ScriptedProvider({"starter": Script(hold=hold)}))
    found: list[list[str]] = []
    watch = bench.rooms.watch(bench.rooms.get(ROOM).id)

    def look() -> None:
        found.append([line.status for line in bench.rooms.messages(ROOM)])

    watch.listen(look)
    bench.rooms.post(ROOM, "@Ren one", sender="Yuki")
    _until(lambda: len(found) > 0)
    hold.set()
    assert bench.rooms.wait_idle(ROOM, 10)
    assert found[0] == ["complete", "pending"]


def test_messages_that_are_stored_together_are_answered_together(workbench):
    gate = threading.Event()
    held = workbench.store.submit(lambda _conn: gate.wait(5))
    said = [workbench.rooms.saying.post_soon(ROOM, f"@Ren {n}", sender="Yuki") for n in (1, 2)]
    gate.set()
    held.result(5)
    assert [one.result(5).seq for one in said] == [1, 2]
    assert workbench.rooms.wait_idle(ROOM, 10)
    replies = [line for line in workbench.rooms.messages(ROOM) if line.kind is Kind.AGENT]
    assert [(line.sender, line.reply_to) for line in replies] == [("Ren", 2)]


def test_a_lock_that_comes_in_between_stores_and_answers_once(workbench, monkeypatch):
    """The works of a transaction run again when another program held the database."""
    real, busy = rounds.begin, [True]

    def begin(*given):
        if busy.pop() if busy else False:
            raise StorageBusy(seconds=1)
        return real(*given)

    monkeypatch.setattr(rounds, "begin", begin)
    workbench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert not busy
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert [line.sender for line in workbench.rooms.messages(ROOM)] == ["Yuki", "Ren"]


def test_a_machine_without_another_thread_answers_when_it_has_one(workbench, monkeypatch):
    real = threading.Thread.start

    def start(self):
        if self.name.startswith("room-"):
            raise RuntimeError("can't start new thread")
        real(self)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            workbench.rooms.post(ROOM, "@Ren one", sender="Yuki")
    workbench.rooms.post(ROOM, "@Ren two", sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert [line.content for line in workbench.rooms.messages(ROOM)][:2] == ["@Ren one", "@Ren two"]
    assert [line.sender for line in workbench.rooms.messages(ROOM)][2:] == ["Ren"]


@pytest.mark.parametrize(
    ("text", "answering"),
    [
        ("@Ren how does a radio work?", ["Ren"]),
        ("@ren and @MIZUHO, please", ["Ren", "Mizuho"]),
        ("＠Aki お話をして", ["Aki"]),
        ("@Akiさん、お願いします", ["Aki"]),
        ("mail me at yuki@example.org", ["Mizuho", "Ren", "Aki"]),
        ("@Nobody here?", ["Mizuho", "Ren", "Aki"]),
    ],
)
def test_mention_picks_who_answers(workbench, text, answering):
    workbench.rooms.post(ROOM, text, sender="Yuki")
    assert workbench.rooms.wait_idle(ROOM, 10)
    assert [line.sender for line in workbench.rooms.messages(ROOM)[1:]] == answering


def test_what_is_written_during_a_round_is_answered_by_one_round_after_it(
    open_workbench: OpenWorkbench,
):
    hold = threading.Event()
    bench = open_workbench(ScriptedProvider({"starter": Script(hold=hold)}))
    bench.rooms.post(ROOM, "@Ren one", sender="Yuki")
    _until(lambda: len(bench.rooms.messages(ROOM)) == 2)
    bench.rooms.post(ROOM, "@Aki two", sender="Yuki")
    bench.rooms.post(ROOM, "@Ren three", sender="Taro")
    hold.set()
    assert bench.rooms.wait_idle(ROOM, 10)
    lines = bench.rooms.messages(ROOM)
    assert [line.sender for line in lines] == ["Yuki", "Ren", "Yuki", "Taro", "Aki", "Ren"]
    assert [line.reply_to for line in lines if line.kind is Kind.AGENT] == [1, 4, 4]


def test_an_agent_that_comes_later_does_not_answer_what_it_never_heard(
    open_workbench: OpenWorkbench,
):
    bench = open_workbench()
    bench.rooms.create("people")
    bench.rooms.post("people", "anybody here?", sender="Yuki")
    bench.rooms.update("people", members=["Ren"])
    bench.close()
    bench = open_workbench()
    assert bench.rooms.wait_idle("people", 5)
    assert len(bench.rooms.messages("people")) == 1
    bench.rooms.post("people", "now?", sender="Yuki")
    assert bench.rooms.wait_idle("people", 5)
    assert [line.sender for line in bench.rooms.messages("people")] == ["Yuki", "Yuki", "Ren"]


def test_agents_hear_each_other_but_start_no_round(open_workbench: OpenWorkbench):
    model = ScriptedProvider({"starter": Script(pieces=("@Mizuho", " hello"))})
    bench = open_workbench(model)
    bench.rooms.post(ROOM, "Hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert len(bench.rooms.messages(ROOM)) == 4
    heard_by_aki = model.asked[-1][1][-1].content
    assert heard_by_aki == "Yuki: Hi\nMizuho: @Mizuho hello\nRen: @Mizuho hello"


def test_stop_ends_the_reply_and_the_round(open_workbench: OpenWorkbench):
    bench = open_workbench(ScriptedProvider({"starter": Script(["word "] * 500, pause_s=0.01)}))
    bench.rooms.post(ROOM, "Tell me everything", sender="Yuki")
    _until(lambda: bench.rooms.messages(ROOM)[-1].content.count("word") > 3)
    bench.rooms.stop(ROOM)
    assert bench.rooms.wait_idle(ROOM, 2)
    lines = bench.rooms.messages(ROOM)
    assert [line.sender for line in lines] == ["Yuki", "Mizuho"]
    assert lines[-1].status is ReplyStatus.STOPPED
    assert 3 < lines[-1].content.count("word") < 500


def test_an_error_before_the_first_token_fails_and_the_round_goes_on(
    open_workbench: OpenWorkbench,
):
    error = ServerAway(model="starter", server="nowhere")
    bench = open_workbench(ScriptedProvider({"starter": Script(error=error)}))
    bench.rooms.post(ROOM, "Hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    replies = bench.rooms.messages(ROOM)[1:]
    assert [line.status for line in replies] == [ReplyStatus.FAILED] * 3
    assert {line.reason.code for line in replies if line.reason} == {"server_away"}


def test_an_error_in_the_middle_keeps_what_was_said(open_workbench: OpenWorkbench):
    error = TokenTimeout(model="starter", seconds=30)
    script = Script(["Once ", "upon ", "a time"], error=error, fail_after=2)
    bench = open_workbench(ScriptedProvider({"starter": script}))
    bench.rooms.post(ROOM, "@Aki a story", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    reply = bench.rooms.messages(ROOM)[-1]
    assert (reply.content, reply.status) == ("Once upon", ReplyStatus.PARTIAL)
    assert reply.reason is not None
    assert reply.reason.code == "token_timeout"


def test_a_model_that_is_away_falls_back_to_the_starter_and_says_so(
    open_workbench: OpenWorkbench,
):
    away = ScriptedProvider(
        {"ollama:tiny": Script(error=ServerAway(model="ollama:tiny", server="x"))}, name="ollama"
    )
    bench = open_workbench(ScriptedProvider(), away)
    bench.rooms.set_model(ROOM, "Ren", "ollama:tiny")
    bench.rooms.post(ROOM, "@Ren hi", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    reply = bench.rooms.messages(ROOM)[-1]
    assert (reply.status, reply.model) == (ReplyStatus.COMPLETE, "starter")
    assert reply.reason is not None
    assert reply.reason.code == "fallback"


def test_a_key_stores_one_message_and_refuses_another(workbench):
    first = workbench.rooms.post(ROOM, "@Ren once", sender="Yuki", key="k1")
    again = workbench.rooms.post(ROOM, "@Ren once", sender="Yuki", key="k1")
    assert first.id == again.id
    with pytest.raises(IdempotencyConflict):
        workbench.rooms.post(ROOM, "@Ren twice", sender="Yuki", key="k1")
    other = workbench.rooms.post(ROOM, "@Ren twice", sender="Yuki", key="k1", owner="somebody")
    assert other.seq > first.seq


def test_nobody_writes_under_an_agents_name(workbench):
    with pytest.raises(SenderIsAgent):
        workbench.rooms.post(ROOM, "I am not Ren", sender="ｒｅｎ")


def test_the_speakers_own_name_in_front_is_not_repeated(open_workbench: OpenWorkbench):
    script = Script(["\n", "R", "en", ": ", "It ", "works."])
    bench = open_workbench(ScriptedProvider({"starter": script}))
    bench.rooms.post(ROOM, "@Ren does it?", sender="Yuki")
    assert bench.rooms.wait_idle(ROOM, 10)
    assert bench.rooms.messages(ROOM)[-1].content == "It works."


def _until(condition, seconds: float = 5.0) -> None:
    waited = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        waited.wait(0.01)
    raise AssertionError("it did not happen in time")


def test_a_long_past_makes_no_turn_dearer(workbench):
    def steps() -> int:
        done: list[None] = []
        with workbench.store.read() as conn:
            raw(conn).set_progress_handler(lambda: done.append(None), 1)
            rounds.advance(conn, room, no_choice, opening=False)
            assert not round_book.waits(conn, room)
            assert not round_book.has_begun(conn, room)
            assert not round_book.any_due(conn, room)
            raw(conn).set_progress_handler(None, 1)
        return len(done)

    def no_choice(*_asked: object) -> list[Choice]:
        raise AssertionError("nothing is to be chosen")

    def talk_long(conn: Connection) -> None:
        past = [{"room_id": room, "trigger_seq": -n} for n in range(1, 2_000)]
        turn = {"position": 0, "agent": "Ren", "state": "done"}
        conn.execute(insert(t.turns), [row | turn for row in past])
        round_ = {"since_seq": 0, "policy": "in-order", "state": "done", "began_at": "2026"}
        conn.execute(insert(t.rounds), [row | round_ for row in past])

    room = workbench.rooms.get(ROOM).id
    fresh = steps()
    workbench.store.write(talk_long)
    assert steps() <= fresh + 10
