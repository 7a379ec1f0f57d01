"""Models of an Ollama server fetched, made, copied, deleted; each recorded case has its outcome."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator

import pytest

from core.errors import DigestWrong, NoRoomOnDisk, NotInSource, ServerAway, TransferBroken
from core.providers.ollama.library import OllamaLibrary, Step
from core.providers.watch import Cancelled
from testing.ollama_recorded import recorded
from testing.scripted_http import Body, End, Hang, Head, Reset
from testing.scripted_ollama import ScriptedOllama
from tests.providers.ollama.recorded_library import CREATED, PATHS, REFUSED, SILENT

FAST = float("inf")
BLOB = b"not a model, but a file"
DIGEST = f"sha256:{hashlib.sha256(BLOB).hexdigest()}"


def never() -> bool:
    return False


@pytest.fixture
def library(server: ScriptedOllama) -> Iterator[OllamaLibrary]:
    made = OllamaLibrary(server.url)
    yield made
    made.close()


def play(case: str, library: OllamaLibrary) -> list[Step]:
    """Ask what the case asked; its answer is the recorded one."""
    request = recorded()[case]["request"]
    body, path = request.get("body") or {}, request["path"]
    match path.split("/")[2]:
        case "create":
            return list(library.create("ollama:it", body, never))
        case "pull":
            return list(library.pull("ollama:it", body["model"], never))
        case "copy":
            library.copy("ollama:it", body["source"], body["destination"])
        case "delete":
            library.delete("ollama:it", body["model"])
        case "blobs" if request["method"] == "HEAD":
            assert library.has_blob("ollama:it", path.rpartition("/")[2])
        case "blobs":
            digest = path.rpartition("/")[2]
            library.upload("ollama:it", digest, len(BLOB), [BLOB], never)
    return []


def test_every_case_has_its_outcome() -> None:
    there = {name for name, case in recorded().items() if case["request"]["path"].startswith(PATHS)}
    assert there == {*CREATED, *REFUSED, *SILENT}


@pytest.mark.parametrize("case", CREATED)
def test_a_model_is_made(case: str, server: ScriptedOllama, library: OllamaLibrary) -> None:
    server.replay(case, speed=FAST)
    said = [step.status.partition(" sha256:")[0] for step in play(case, library)]
    assert list(dict.fromkeys(said)) == CREATED[case]


def test_quantising_tells_how_far_it_is(server: ScriptedOllama, library: OllamaLibrary) -> None:
    server.replay("create_quantize", speed=FAST)
    counted = [step for step in play("create_quantize", library) if step.total_bytes]
    assert counted[0].done_bytes == 1034
    assert {step.total_bytes for step in counted} == {6_897_120}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_understood(case: str, server: ScriptedOllama, library: OllamaLibrary) -> None:
    kind, part = REFUSED[case]
    server.replay(case, speed=FAST)
    with pytest.raises(kind) as caught:
        play(case, library)
    assert type(caught.value) is kind
    assert part in caught.value.message() + str(caught.value.params)
    assert caught.value.hint()


@pytest.mark.parametrize("case", sorted(SILENT))
def test_silence_is_success(case: str, server: ScriptedOllama, library: OllamaLibrary) -> None:
    server.replay(case, speed=FAST)
    assert play(case, library) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b'{"error":"pull model manifest: file does not exist"}', NotInSource),
        (b'{"error":"write /x: no space left on device"}', NoRoomOnDisk),
        (b'{"error":"digest mismatch, file must be downloaded again"}', DigestWrong),
        (b"[1, 2]", TransferBroken),
        (b"{", TransferBroken),
    ],
)
def test_an_error_after_the_first_byte(
    line: bytes, kind: type[Exception], server: ScriptedOllama, library: OllamaLibrary
) -> None:
    server.on("/api/pull", [Head(), Body(b'{"status":"pulling"}\n'), Body(line + b"\n"), End()])
    with pytest.raises(kind):
        list(library.pull("ollama:it", "it", never))


@pytest.mark.parametrize("end", [[End()], [Reset()], []])
def test_a_stream_without_its_success_was_none(
    end: list[object], server: ScriptedOllama, library: OllamaLibrary
) -> None:
    server.on("/api/pull", [Head(), Body(b'{"status":"pulling"}\n'), *end])
    with pytest.raises(TransferBroken):
        list(library.pull("ollama:it", "it", never))


def test_a_server_that_is_away(library: OllamaLibrary, server: ScriptedOllama) -> None:
    server.stop()
    with pytest.raises(ServerAway):
        list(library.pull("ollama:it", "it", never))


def test_cancelling_hangs_up_at_once(server: ScriptedOllama, library: OllamaLibrary) -> None:
    server.on("/api/pull", [Head(), Body(b'{"status":"pulling"}\n'), Hang()])
    cancel = threading.Event()
    steps = library.pull("ollama:it", "it", cancel.is_set)
    next(steps)
    began = time.monotonic()
    cancel.set()
    with pytest.raises(Cancelled):
        next(steps)
    assert time.monotonic() - began < 2
    assert server.to("/api/pull")[0].gone.wait(5)
