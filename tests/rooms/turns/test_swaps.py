"""Several models and one small memory: loads are saved, shown, and shared fairly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from core.agents import Agent
from core.messages import Kind, ReplyStatus
from core.providers.ollama.provider import OllamaProvider
from core.rooms.policies.reasons import why
from testing.scripted_model import Script, ScriptedProvider
from testing.scripted_ollama import Model, ScriptedOllama
from tests.conftest import OpenWorkbench

ROOM = "Engawa"
BIG = 10**15  # no memory holds two of these


@pytest.fixture
def server() -> Iterator[ScriptedOllama]:
    models = [Model("red", size=BIG), Model("blue", size=BIG)]
    with ScriptedOllama(models=models, at_once=1, load_s=0.15, tokens=4) as running:
        yield running


@pytest.fixture
def bench(open_workbench: OpenWorkbench, server: ScriptedOllama):
    found = open_workbench(ScriptedProvider(), OllamaProvider(server.url))
    found.rooms.create("four", ["Mizuho", "Ren", "Aki", "Hoshi"])
    for name, model in zip(("Mizuho", "Ren", "Aki", "Hoshi"), ("red", "blue") * 2, strict=True):
        found.rooms.set_model("four", name, f"ollama:{model}")
    assert _until(lambda: len(server.loaded) == 1)  # choosing a model warms it
    time.sleep(0.2)
    return found


def spoken(bench, ref="four"):
    return [line.sender for line in bench.rooms.messages(ref) if line.kind is Kind.AGENT]


def test_whose_model_is_in_memory_speaks_first_and_the_round_says_what_that_saved(bench, server):
    first = next(iter(server.loaded))
    before = server.loads
    bench.rooms.post("four", "hello everybody", sender="Yuki")
    assert bench.rooms.wait_idle("four", 20)
    expected = {"red": ["Mizuho", "Aki", "Ren", "Hoshi"], "blue": ["Ren", "Hoshi", "Mizuho", "Aki"]}
    assert spoken(bench) == expected[first]
    assert server.loads - before == 1
    (figures,) = bench.rooms.record.rounds("four")
    assert (figures.loads, figures.turns, figures.state) == (1, 4, "done")
    assert figures.naive_loads == (3 if first == "red" else 4)
    assert figures.saved_s is not None
    assert figures.saved_s > 0.2


def test_who_goes_before_others_says_so(bench, server):
    bench.registry.provider("ollama:blue").warm("ollama:blue")
    assert _until(lambda: list(server.loaded) == ["blue"])
    time.sleep(0.2)
    bench.registry.residents("ollama", 0.0)
    bench.rooms.post("four", "hello everybody", sender="Yuki")
    assert bench.rooms.wait_idle("four", 20)
    turns = [line.turn for line in bench.rooms.messages("four")[1:]]
    assert [turn.get("ahead_of") for turn in turns] == [["Mizuho"], ["Mizuho", "Aki"], None, None]
    assert why(turns[1], "en") == "next in order; before Mizuho, Aki, to save loading a model"


def test_a_strict_room_keeps_its_order(bench, server):
    bench.rooms.set_policy("four", options={"strict": True})
    before = server.loads
    bench.rooms.post("four", "hello everybody", sender="Yuki")
    assert bench.rooms.wait_idle("four", 20)
    assert spoken(bench) == ["Mizuho", "Ren", "Aki", "Hoshi"]
    (figures,) = bench.rooms.record.rounds("four")
    assert figures.loads == figures.naive_loads == server.loads - before
    assert figures.saved_s == 0.0


def test_rooms_share_one_server_and_swap_little(bench, server):
    """Six rooms, half with each model, three messages each: blindly that is a swap a turn."""
    names = [f"room {number}" for number in range(6)]
    for number, name in enumerate(names):
        bench.rooms.create(name, ["Ren"])
        bench.rooms.set_model(name, "Ren", "ollama:red" if number % 2 else "ollama:blue")
    time.sleep(0.5)
    before = server.loads
    for number in range(3):
        for name in names:
            bench.rooms.post(name, f"message {number}", sender="Yuki")
        for name in names:
            assert bench.rooms.wait_idle(name, 30)
    assert server.loads - before <= 9
    assert all(len(spoken(bench, name)) == 3 for name in names)


def test_a_room_that_waits_says_so(bench, server):
    server.tokens_per_s = 4.0
    bench.rooms.post("four", "@Mizuho hello", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("four").seq)
    bench.rooms.create("late", ["Ren"])
    bench.rooms.set_model("late", "Ren", "ollama:blue")
    bench.rooms.post("late", "and me?", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("late").ahead == 1)
    (coming,) = bench.rooms.presence("late").coming
    assert (coming.agent, coming.model, coming.why["code"]) == ("Ren", "ollama:blue", "in_order")
    server.tokens_per_s = None
    bench.rooms.stop("late")
    assert bench.rooms.wait_idle("late", 2)
    assert spoken(bench, "late") == []


def test_those_who_can_speak_at_the_same_time(open_workbench: OpenWorkbench):
    hold = threading.Event()
    one = ScriptedProvider({"starter": Script(["first"], hold=hold)})
    bench = open_workbench(one, ScriptedProvider({"hf:b": Script(["second"])}, name="hf"))
    bench.rooms.set_model(ROOM, "Ren", "hf:b")
    bench.rooms.set_policy(ROOM, options={"together": True})
    bench.rooms.post(ROOM, "hi", sender="Yuki")
    assert _until(lambda: [one.status for one in bench.rooms.messages(ROOM)][2:3] == ["complete"])
    assert bench.rooms.presence(ROOM).also == ("Ren", "Aki")
    hold.set()
    assert bench.rooms.wait_idle(ROOM, 10)
    lines = bench.rooms.messages(ROOM)
    assert [line.sender for line in lines] == ["Yuki", "Mizuho", "Ren", "Aki"]
    assert [line.heard_seq for line in lines[1:]] == [1, 1, 1]
    assert all(messages[-1].content == "Yuki: hi" for _ref, messages in one.asked)


def _until(condition, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def picking(bench, server):
    """A room whose members have one model and whose picker has another."""
    bench.rooms.create("picked", ["Ren", "Aki"])
    for name in ("Ren", "Aki"):
        bench.rooms.set_model("picked", name, "ollama:red")
    bench.rooms.set_policy("picked", "selector", {"model": "ollama:blue", "turns": 1})
    assert _until(lambda: list(server.loaded) == ["red"])  # choosing a model warms it
    time.sleep(0.2)
    bench.registry.residents("ollama", 0.0)


def test_whoever_picks_the_next_speaker_waits_in_the_same_queue(bench, server):
    picking(bench, server)
    server.tokens_per_s = 4.0
    bench.rooms.post("four", "@Mizuho hello", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("four").seq)
    asked = len(server.requests)
    bench.rooms.post("picked", "who knows?", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("picked").choosing)
    assert _until(lambda: bench.rooms.presence("picked").ahead == 1)
    time.sleep(0.3)
    chats = [one.json["model"] for one in server.requests[asked:] if one.path == "/api/chat"]
    assert "blue" not in chats  # nobody loads another model while somebody speaks
    server.tokens_per_s = None
    assert bench.rooms.wait_idle("picked", 20)
    assert len(spoken(bench, "picked")) == 1


def test_a_room_that_is_stopped_does_not_wait_to_be_picked_for(bench, server):
    picking(bench, server)
    server.tokens_per_s = 4.0
    bench.rooms.post("four", "@Mizuho hello", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("four").seq)
    bench.rooms.post("picked", "who knows?", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("picked").ahead == 1)
    bench.rooms.stop("picked")
    assert bench.rooms.wait_idle("picked", 2)
    server.tokens_per_s = None
    assert spoken(bench, "picked") == []


def test_what_a_picker_loads_counts_in_the_round(bench, server):
    picking(bench, server)
    before = server.loads
    bench.rooms.post("picked", "who knows?", sender="Yuki")
    assert bench.rooms.wait_idle("picked", 20)
    (figures,) = bench.rooms.record.rounds("picked")
    assert figures.loads == server.loads - before == 2  # the picker, and the speaker once more
    assert figures.naive_loads == 2


def test_ballots_are_put_in_the_order_of_fewest_loads(bench, server):
    bench.rooms.set_policy("four", "vote")
    before = server.loads
    bench.rooms.post("four", "who knows?", sender="Yuki")
    assert bench.rooms.wait_idle("four", 20)
    (figures,) = bench.rooms.record.rounds("four")
    assert figures.loads == server.loads - before
    assert figures.loads <= 2  # one for the ballots, perhaps one for who was elected
    assert figures.naive_loads >= 3


def test_a_vote_that_waits_for_another_program_holds_no_server(bench, server):
    asked = []
    bench.rooms.create("votes", ["Ren", "Aki"], "vote")
    for name in ("Ren", "Aki"):
        bench.rooms.set_model("votes", name, "ollama:red")
    hana = [{"name": "Hana", "capabilities": ["turns", "ballots"]}]
    bench.rooms.outside.join("votes", hana, "of Hana", tell=asked.append)
    bench.rooms.post("votes", "who knows?", sender="Yuki")
    assert _until(lambda: asked)
    bench.rooms.post("four", "@Ren hello", sender="Yuki")  # with the other model
    assert bench.rooms.wait_idle("four", 20)
    assert spoken(bench) == ["Ren"]
    assert bench.rooms.presence("votes").choosing
    bench.rooms.stop("votes")


def busy(bench, server):
    """The room "four" speaks, slowly, until the server becomes fast."""
    server.tokens_per_s = 4.0
    bench.rooms.post("four", "@Mizuho hello", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("four").seq)


def test_an_agent_that_is_tried_out_waits_like_a_room(bench, server):
    busy(bench, server)
    asked = len(server.requests)
    trial = bench.rooms.alone.try_out(Agent(name="New"), "ollama:blue", "Hello?", user="Yuki")
    assert _until(lambda: trial.ahead == 1)
    assert trial.status is ReplyStatus.PENDING
    time.sleep(0.3)
    chats = [one.json["model"] for one in server.requests[asked:] if one.path == "/api/chat"]
    assert "blue" not in chats
    server.tokens_per_s = None
    assert trial.wait(20)
    assert (trial.status, trial.spoken.model) == (ReplyStatus.COMPLETE, "ollama:blue")
    assert trial.ahead is None


def test_a_try_out_is_stopped_while_it_waits(bench, server):
    busy(bench, server)
    trial = bench.rooms.alone.try_out(Agent(name="New"), "ollama:blue", "Hello?", user="Yuki")
    assert _until(lambda: trial.ahead == 1)
    trial.stop()
    assert trial.wait(2)
    assert (trial.status, trial.text, trial.spoken.reason) == (ReplyStatus.STOPPED, "", None)
    assert _until(lambda: trial.ahead is None)
    server.tokens_per_s = None


def test_whoever_tries_out_much_starves_no_room(bench, server):
    """Many wishes of one person count as one room's: a room comes after the first of them."""
    server.tokens_per_s = 8.0
    bench.rooms.create("late", ["Ren"])
    bench.rooms.set_model("late", "Ren", "ollama:red")
    bench.rooms.post("four", "@Mizuho hello", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("four").seq)
    agent = Agent(name="New")
    trials = [
        bench.rooms.alone.try_out(agent, "ollama:red", f"Hello {number}?", user="Yuki")
        for number in range(4)
    ]
    assert _until(lambda: all(trial.ahead for trial in trials))
    bench.rooms.post("late", "and me?", sender="Yuki")
    assert _until(lambda: bench.rooms.presence("late").ahead)
    assert bench.rooms.wait_idle("late", 20)
    assert len(spoken(bench, "late")) == 1
    assert sum(trial.status.final for trial in trials) <= 2
    server.tokens_per_s = None
    assert all(trial.wait(20) for trial in trials)
