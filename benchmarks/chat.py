"""What the way through a room costs: first token and tokens per second, against a bare client.

The first token is measured on short answers in a fresh room (`added_first_token_ms`), in one
that has had 200 lines, which the model is sent (`added_first_token_long_room_ms`), and on long
answers that arrive all at once (`added_first_token_burst_ms`): there the reader of the model's
stream competes with the first words for the interpreter. Tokens per second are those of the long
answers, from sending the message until the whole answer is stored.

A scripted Ollama without any delay answers both: a bare HTTP client beside it, and a room of the
served app whose answer is read from the room's WebSocket. The difference is what Engawa adds:
storing the message, planning the round, the prompt, the provider, every piece stored before it
is seen, the socket.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from core.client.socket import Socket
from core.paths import PROJECT, DataPaths
from testing.long_room import long_document
from testing.served import ServedApp, free_port

TOKENS = 3_000
SHORT_TOKENS = 24
LINES = 200  # of a long room, as many as a model is sent
LONG, SHORT = "Long", "Short"
MODEL = "tiny"
QUESTION = "Tell me about the evening."
WARM_RUNS = 2
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """One answer: milliseconds to its first text, seconds to its end, its text."""

    first_ms: float
    total_s: float
    text: str


def run(runs: int) -> dict[str, object]:
    """Medians over `runs` answers of each length, bare and through a room in turns."""
    port = free_port()
    ollama = [sys.executable, "-m", "testing.scripted_ollama"]
    options = ["--port", str(port), "--tokens", str(TOKENS)]
    with (
        subprocess.Popen([*ollama, *options], cwd=PROJECT, stdout=subprocess.PIPE) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            assert server.stdout is not None
            server.stdout.readline()  # it listens
            return _with_app(f"http://127.0.0.1:{port}", Path(folder), runs)
        finally:
            server.terminate()


def _with_app(ollama: str, folder: Path, runs: int) -> dict[str, object]:
    environment = {
        "ENGAWA_OLLAMA_URL": ollama,
        "ENGAWA_MODELS__DEFAULT": f"ollama:{MODEL}",
        "ENGAWA_MODELS__ANSWER_TOKENS": str(TOKENS),
    }
    _write_agent(folder, LONG, TOKENS)
    _write_agent(folder, SHORT, SHORT_TOKENS)
    with ServedApp(folder, environment=environment) as app:
        fresh = {name: _room(app, name) for name in (SHORT, LONG)}
        document = long_document("Long_room", LINES, members=[SHORT])
        grown = str(app.http.post("/api/v1/rooms/import", {"document": document})["id"])
        short, short_bare, _stored = _measured(app, ollama, fresh[SHORT], SHORT_TOKENS, runs)
        later, later_bare, _stored = _measured(app, ollama, grown, SHORT_TOKENS, runs)
        long, long_bare, stored = _measured(app, ollama, fresh[LONG], TOKENS, runs)
    total, total_bare = (median(one.total_s for one in many) for many in (long, long_bare))
    return {
        **_first_token(short, short_bare, ""),
        **_first_token(later, later_bare, "_long_room"),
        **_first_token(long, long_bare, "_burst"),
        "tokens_per_s": round(TOKENS / total),
        "bare_tokens_per_s": round(TOKENS / total_bare),
        "tokens_ratio": round(total_bare / total, 3),
        "tokens": TOKENS,
        "all_stored": stored,
    }


def _write_agent(folder: Path, name: str, tokens: int) -> None:
    agents = DataPaths(folder).agents
    agents.mkdir(parents=True, exist_ok=True)
    text = f"---\nname: {name}\noptions: {{max_tokens: {tokens}}}\n---\nYou answer.\n"
    (agents / f"{name}.md").write_text(text, encoding="utf-8")


def _room(app: ServedApp, agent: str) -> str:
    return str(app.http.post("/api/v1/rooms", {"name": agent, "members": [agent]})["id"])


def _measured(
    app: ServedApp, ollama: str, room: str, tokens: int, runs: int
) -> tuple[list[Answer], list[Answer], bool]:
    """Answers through a room, bare ones, and whether every answer was stored whole."""
    through, bare = [], []
    with app.socket(room) as socket:
        for number in range(runs + WARM_RUNS):
            bare.append(_bare(ollama, tokens))
            through.append(_through_room(socket, number))
    stored = app.http.get("/api/messages", room=room, limit=1000)["messages"]
    whole = [one for one in stored if len(one["content"].split()) == tokens]
    return through[WARM_RUNS:], bare[WARM_RUNS:], len(whole) == runs + WARM_RUNS


def _first_token(through: list[Answer], bare: list[Answer], ending: str) -> dict[str, float]:
    first, first_bare = (median(one.first_ms for one in many) for many in (through, bare))
    slowest = sorted(one.first_ms for one in through)
    return {
        f"added_first_token{ending}_ms": round(first - first_bare, 2),
        f"first_token{ending}_ms": round(first, 2),
        f"first_token{ending}_p95_ms": round(slowest[int((len(slowest) - 1) * 0.95)], 2),
        f"bare_first_token{ending}_ms": round(first_bare, 2),
    }


def _bare(ollama: str, tokens: int) -> Answer:
    """Ask the model server itself, with nothing in between."""
    connection = http.client.HTTPConnection(urlsplit(ollama).netloc, timeout=PATIENCE_S)
    asked = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    body = json.dumps({**asked, "options": {"num_predict": tokens}})
    began = time.perf_counter()
    connection.request("POST", "/api/chat", body, {"Content-Type": "application/json"})
    first, pieces = 0.0, []
    for line in connection.getresponse():
        piece = json.loads(line)["message"]["content"]
        first = first or time.perf_counter()
        pieces.append(piece)
    ended = time.perf_counter()
    connection.close()
    return Answer((first - began) * 1000, ended - began, "".join(pieces).strip())


def _through_room(socket: Socket, number: int) -> Answer:
    """Say it in the room and read the answer there, until it is stored as complete."""
    began = time.perf_counter()
    socket.send({"type": "message", "content": QUESTION, "idempotency_key": f"bench {number}"})
    first = 0.0
    while (frame := socket.receive(PATIENCE_S)) is not None:
        if frame["type"] == "delta" or (frame.get("kind") == "agent" and frame.get("content")):
            first = first or time.perf_counter()
        if frame["type"] == "status" and frame["status"] != "pending":
            ended = time.perf_counter()
            if frame["status"] != "complete":
                raise RuntimeError(f"the answer ended as {frame['status']}: {frame['reason']}")
            return Answer((first - began) * 1000, ended - began, frame["content"])
    raise RuntimeError("the room fell silent")
