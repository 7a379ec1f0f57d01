"""Where models stand on their ladders as JSON, for routes and commands alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.errors import explain
from core.providers.ladder.ladder import LadderState
from core.text import speaking
from core.workbench import Workbench


def ladder_body(bench: Workbench, lang: str) -> dict[str, Any]:
    with speaking(lang):
        return {"ladder": [_body(state) for state in bench.ladder.states()]}


def _body(state: LadderState) -> dict[str, Any]:
    return {
        "model": state.ref,
        "level": state.level,
        "rungs": state.rungs,
        "step": state.rung.step,
        "before": str(state.rung.before),
        "after": str(state.rung.after),
        "cause": explain(state.cause),
        "since": datetime.fromtimestamp(state.since, UTC).isoformat(timespec="seconds"),
    }
