"""What a real Ollama said, byte for byte and with its pauses, as scripts for the scripted one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from testing.scripted_http import Body, End, Hang, Head, Pause, Script, Step

RECORDED = Path(__file__).resolve().parent.parent / "tests" / "data" / "ollama_recorded.jsonl"


@lru_cache(maxsize=1)
def recorded() -> dict[str, dict[str, Any]]:
    """Every recorded case by its name."""
    with RECORDED.open(encoding="utf-8") as file:
        return {case["case"]: case for case in map(json.loads, file)}


def replayed(case: str, speed: float = 1.0) -> Script:
    """The steps of a recorded answer: its status, headers, pieces, timing and end."""
    response = recorded()[case]["response"]
    return lambda _request: _replay(response, speed)


def _replay(response: dict[str, Any], speed: float) -> Iterator[Step]:
    began = time.monotonic()
    pieces = [(ms / 1000 / speed, text.encode()) for ms, text in response["chunks"]]
    yield Pause(pieces[0][0] if pieces else 0.0)  # Ollama sends its head with the first piece
    yield Head(response["status"], response["headers"])
    for at_s, data in pieces:
        yield Pause(max(0.0, began + at_s - time.monotonic()))
        yield Body(data)
    if response["ended"] == "complete":
        yield End()
    elif response["ended"] == "client closed":
        yield Hang()
