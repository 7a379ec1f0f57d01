"""The agent client for real: a served app, a model server, and everything killed in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.scripted_ollama import ScriptedOllama, done, stream, token
from testing.served import ServedApp, command

PATIENCE_S = 30.0
TOKENS = 20


@pytest.fixture(scope="module")
def ollama() -> Iterator[ScriptedOllama]:
    with ScriptedOllama(tokens_per_s=60, tokens=TOKENS) as server:
        yield server


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedApp]:
    with ServedApp(tmp_path_factory.mktemp("app") / "data") as served:
        yield served


class Client:
    """An agent client in a process of its own; what it reports is read line by line."""

    def __init__(self, app: ServedApp, file: Path, ollama: str, *options: str) -> None:
        self.process = subprocess.Popen(
            command(
                "agent-client", "--server-url", app.url, "--agents", str(file), *options, "--json"
            ),
            env={**app.environment, "ENGAWA_OLLAMA_URL": ollama},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.events: list[dict[str, Any]] = []
        self._errors: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.events.append(json.loads(line))

    def wait_for(self, event: str, count: int = 1) -> None:
        wait_until(lambda: self.count(event) >= count, f"{count} × {event}: {self.events}")

    def count(self, event: str) -> int:
        return sum(1 for one in list(self.events) if one["event"] == event)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what stands on its standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self._reader.join(5)
        if not self._errors:
            assert self.process.stderr is not None
            with self.process.stderr as stream:
                self._errors.append(stream.read())
        return code, self._errors[0]


@pytest.fixture
def join(app: ServedApp, ollama: ScriptedOllama, tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Starts clients for the agents of a room; ends them after the test."""
    started: list[Client] = []

    def start(room: str, *names: str, options: tuple[str, ...] = (), **common: int) -> Client:
        agents = [
            {"name": name, "model": "ollama:tiny", "room": room, "system_prompt": f"I am {name}."}
            for name in names
        ]
        file = tmp_path / "agents.yml"
        file.write_text(json.dumps({"agents": agents, "common_settings": common}))
        started.append(Client(app, file, ollama.url, *options))
        return started[-1]

    yield start
    for client in started:
        client.end(signal.SIGKILL)


def wait_until(ready: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def new_room(app: ServedApp, name: str) -> str:
    return str(app.http.post("/api/v1/rooms", {"name": name})["id"])


def say(app: ServedApp, room: str, text: str) -> int:
    return int(
        app.http.post("/api/message", {"room": room, "sender": "Yuki", "content": text})["seq"]
    )


def lines(app: ServedApp, room: str) -> list[dict[str, Any]]:
    return list(app.http.get("/api/messages", room=room, limit=1000)["messages"])


def answers(app: ServedApp, room: str) -> list[dict[str, Any]]:
    return [line for line in lines(app, room) if line["kind"] == "external"]


def complete(app: ServedApp, room: str, count: int) -> Callable[[], bool]:
    return lambda: sum(one["status"] == "complete" for one in answers(app, room)) >= count


def nothing_twice(app: ServedApp, room: str) -> None:
    given = Counter((one["sender"], one["reply_to"]) for one in answers(app, room))
    assert max(given.values()) == 1, given


def test_two_agents_answer_and_one_is_called(app: ServedApp, join: Callable[..., Client]) -> None:
    room = new_room(app, "two")
    say(app, room, "before anybody came")
    client = join("two", "Haru", "Botan")
    client.wait_for("joined")
    first = say(app, room, "hello")
    wait_until(complete(app, room, 2), "two answers")
    second = say(app, room, "@Botan only you")
    wait_until(complete(app, room, 3), "the third")
    time.sleep(0.5)
    found = {(one["sender"], one["reply_to"]) for one in answers(app, room)}
    assert found == {("Haru", first), ("Botan", first), ("Botan", second)}
    assert all(len(one["content"].split()) == TOKENS for one in answers(app, room))
    code, errors = client.end()
    assert (code, errors) == (0, "")
    assert app.http.get(f"/api/v1/rooms/{room}")["members"] == []


@pytest.mark.slow
def test_answers_stream(app: ServedApp, join: Callable[..., Client]) -> None:
    room = new_room(app, "stream")
    join("stream", "Haru").wait_for("joined")
    with app.socket(room) as socket:
        say(app, room, "hello")
        text, deltas = "", 0
        while frame := socket.receive(PATIENCE_S):
            if frame["type"] == "delta":
                assert frame["offset"] == len(text)
                text, deltas = text + frame["text"], deltas + 1
            if frame["type"] == "status" and frame["kind"] == "external":
                break
    assert deltas >= 4
    assert frame is not None
    assert frame["content"] == text.strip()


@pytest.mark.slow
def test_history_is_limited_and_the_prompt_is_in_the_fixed_form(
    app: ServedApp, join: Callable[..., Client], ollama: ScriptedOllama
) -> None:
    room = new_room(app, "history")
    say(app, room, "before anybody came")
    join("history", "Haru", chat_history_limit=3, response_delay_ms=1500).wait_for("joined")
    ollama.requests.clear()
    say(app, room, "line 4")
    say(app, room, "now")
    wait_until(complete(app, room, 1), "an answer")
    asked = [
        one.json for one in ollama.requests if one.path == "/api/chat" and one.json["messages"]
    ]
    assert asked[-1]["messages"][1:] == [{"role": "user", "content": "Yuki: line 4\nYuki: now"}]
    assert "I am Haru." in asked[-1]["messages"][0]["content"]


@pytest.mark.slow
def test_agents_that_take_turns_wait_for_theirs(app: ServedApp, ollama: ScriptedOllama) -> None:
    room = new_room(app, "turns")
    app.http.patch(f"/api/v1/rooms/{room}", {"policy": "debate", "policy_options": {"rounds": 1}})
    file = app.folder.parent / "turns.yml"
    able = {"model": "ollama:tiny", "room": "turns", "capabilities": ["chat", "turns"]}
    file.write_text(json.dumps({"agents": [{"name": name, **able} for name in ("Haru", "Botan")]}))
    client = Client(app, file, ollama.url)
    try:
        client.wait_for("joined")
        ollama.requests.clear()
        asked = say(app, room, "tea or coffee?")
        wait_until(complete(app, room, 2), "both sides")
        given = [(one["sender"], one["turn"]["code"]) for one in answers(app, room)]
        assert given == [("Haru", "argues_for"), ("Botan", "argues_against")]
        assert {one["reply_to"] for one in answers(app, room)} == {asked}
        prompts = [json.dumps(one.json) for one in ollama.requests if one.path == "/api/chat"]
        assert any("You argue against it" in prompt for prompt in prompts)
        time.sleep(0.5)
        assert len(answers(app, room)) == 2
    finally:
        client.end()


@pytest.mark.slow
def test_agents_that_take_turns_vote(app: ServedApp, ollama: ScriptedOllama) -> None:
    room = new_room(app, "votes")
    app.http.patch(f"/api/v1/rooms/{room}", {"policy": "vote"})
    file = app.folder.parent / "votes.yml"
    able = {"model": "ollama:tiny", "room": "votes", "capabilities": ["turns"]}
    names = ("Haru", "Botan", "Kiku")
    file.write_text(json.dumps({"agents": [{"name": name, **able} for name in names]}))
    client = Client(app, file, ollama.url)
    try:
        client.wait_for("joined")
        ollama.on("/api/chat", stream(token('{"next": "Kiku"}'), done()))
        asked = say(app, room, "who knows?")
        wait_until(complete(app, room, 1), "whoever was elected")
        (said,) = answers(app, room)
        assert (said["sender"], said["reply_to"]) == ("Kiku", asked)
        assert (said["turn"]["code"], said["turn"]["params"]["votes"]) == ("voted", 2)
    finally:
        ollama.heal()
        client.end()


@pytest.mark.slow
def test_a_delay_lets_others_finish_and_is_answered_once(
    app: ServedApp, join: Callable[..., Client]
) -> None:
    room = new_room(app, "delay")
    join("delay", "Haru", response_delay_ms=600).wait_for("joined")
    last = [say(app, room, text) for text in ("one", "two", "three")][-1]
    wait_until(complete(app, room, 1), "an answer")
    time.sleep(1.0)
    assert [one["reply_to"] for one in answers(app, room)] == [last]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_client_comes_back_and_answers_nothing_twice(
    app: ServedApp, join: Callable[..., Client]
) -> None:
    room = new_room(app, "kill client")
    client = join("kill client", "Haru")
    client.wait_for("joined")
    for number in range(5):
        asked = say(app, room, f"question {number}")
        wait_until(
            lambda asked=asked: any(one["reply_to"] == asked for one in answers(app, room)), "begun"
        )
        time.sleep(0.05 * number)
        client.end(signal.SIGKILL)
        away = say(app, room, f"said while away {number}")
        client = join("kill client", "Haru")
        wait_until(
            lambda away=away: any(
                one["reply_to"] == away and one["status"] == "complete"
                for one in answers(app, room)
            ),
            f"answer to {away}: {answers(app, room)}",
        )
    nothing_twice(app, room)
    assert {one["status"] for one in answers(app, room)} <= {"complete", "partial", "failed"}


@pytest.mark.slow
def test_sigterm_in_mid_sentence_is_clean(app: ServedApp, join: Callable[..., Client]) -> None:
    room = new_room(app, "term")
    client = join("term", "Haru")
    client.wait_for("joined")
    say(app, room, "hello")
    wait_until(lambda: any(one["content"] for one in answers(app, room)), "a first word")
    began = time.monotonic()
    assert client.end() == (0, "")
    assert time.monotonic() - began < 5
    wait_until(lambda: answers(app, room)[0]["status"] == "partial", "partial")


@pytest.mark.slow
def test_refusals_end_it_with_one_line(
    app: ServedApp, join: Callable[..., Client], tmp_path: Path
) -> None:
    missing = join("no such room", "Haru")
    code, errors = missing.end(0)
    assert code == 1
    assert errors.startswith("error: ")
    assert "no such room" in errors
    (tmp_path / "token").write_text("wrong-token-wrong-token-wrong-token")
    new_room(app, "closed")
    refused = join("closed", "Haru", options=("--token-file", str(tmp_path / "token")))
    code, errors = refused.end(0)
    assert code == 1
    assert errors.count("\n") == 1
    assert "wrong-token" not in errors


@pytest.mark.slow
def test_the_token_is_never_printed(app: ServedApp, join: Callable[..., Client]) -> None:
    token = (app.folder / "local-token").read_text().strip()
    room = new_room(app, "quiet")
    client = join("quiet", "Haru", options=("--debug",))
    client.wait_for("joined")
    say(app, room, "a very private line")
    wait_until(complete(app, room, 1), "an answer")
    _code, errors = client.end()
    assert "debug: joined" in errors
    said = errors + json.dumps(client.events)
    assert token not in said
    assert "private" not in said


@pytest.mark.slow
def test_a_changed_file_counts_at_once_and_a_broken_one_changes_nothing(
    app: ServedApp, join: Callable[..., Client], tmp_path: Path
) -> None:
    room = new_room(app, "reload")
    client = join("reload", "Haru")
    client.wait_for("joined")
    file = tmp_path / "agents.yml"
    good = file.read_text()
    file.write_text(good.replace('"name"', '"nmae"'))
    client.wait_for("kept")
    kept = next(one for one in client.events if one["event"] == "kept")
    assert "line 1" in kept["error"]["message"]
    say(app, room, "still there?")
    wait_until(complete(app, room, 1), "an answer")
    file.write_text(good.replace("Haru", "Botan"))
    client.wait_for("joined", 2)
    wait_until(
        lambda: (
            [one["name"] for one in app.http.get(f"/api/v1/rooms/{room}")["members"]] == ["Botan"]
        ),
        "the new member",
    )


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_server_is_killed_again_and_again(
    tmp_path: Path, ollama: ScriptedOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question is answered at most once, those asked while all is well exactly once."""
    monkeypatch.setitem(os.environ, "ENGAWA_OLLAMA_URL", ollama.url)
    app = ServedApp(tmp_path / "data")
    app.start()
    room = new_room(app, "storm")
    file = tmp_path / "agents.yml"
    agents = [{"name": name, "model": "ollama:tiny", "room": "storm"} for name in ("Haru", "Botan")]
    file.write_text(json.dumps({"agents": agents}))
    client = Client(app, file, ollama.url)
    try:
        client.wait_for("joined")
        for number in range(8):
            asked = say(app, room, f"question {number}")
            time.sleep(0.06 * number)
            joined = client.count("joined")
            app.kill()
            app.start()
            client.wait_for("joined", joined + 1)
            wait_until(
                lambda asked=asked: (
                    {
                        one["sender"]
                        for one in answers(app, room)
                        if one["reply_to"] == asked and one["status"] != "pending"
                    }
                    == {"Haru", "Botan"}
                ),
                f"both answered {asked}",
            )
        nothing_twice(app, room)
        seqs = [line["seq"] for line in lines(app, room)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert client.end()[0] == 0
    finally:
        client.end(signal.SIGKILL)
        app.stop()
