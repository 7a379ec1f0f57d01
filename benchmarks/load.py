"""`bench load`: twenty rooms of five agents and twenty clients each, talking all at once.

The real app in a process of its own, its models a scripted Ollama, its listeners in this process:
what was lost, doubled or reordered must be 0, and `p95_ms` is the time from the moment a person
sends a message, or a model a word (`word_p95_ms`), until a listener has it, stored in between.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from typing import Any

from testing.load import speaking, talk
from testing.load_judge import Plan
from testing.scripted_ollama import ScriptedOllama
from testing.served import ServedApp

SECONDS = 60.0


def run(runs: int) -> dict[str, object]:
    """One talk of a minute for each run; the figures of all of them together."""
    return _one(Plan(SECONDS * runs))


def _one(plan: Plan) -> dict[str, Any]:
    with ScriptedOllama() as ollama, tempfile.TemporaryDirectory(prefix="engawa-load-") as folder:
        speaking(ollama)
        given = {"ENGAWA_OLLAMA_URL": ollama.url, "ENGAWA_MODELS__PARALLEL": "4"}
        with ServedApp(Path(folder) / "data", environment={**os.environ, **given}) as app:
            return asyncio.run(talk(app, plan)).figures()
