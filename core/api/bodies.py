"""Core's values as the JSON that CONTRACT.md names."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.agents.traces import Trace
from core.errors import by_code, explain
from core.messages import Reason
from core.models import SwitchPlan
from core.providers.base import ModelInfo, ProviderState
from core.rooms.frames import message_body
from core.rooms.model import Room, RoomSummary
from core.text import language, translate
from core.workbench import Workbench


def reason_body(reason: Reason | None, lang: str | None = None) -> dict[str, str] | None:
    """A stored reason as errors are given."""
    if reason is None:
        return None
    hint = by_code(reason.code).next_step
    return {
        "code": reason.code,
        "message": explain(reason, lang),
        "hint": translate(hint, lang or language(), dict(reason.params)),
    }


def room_body(room: Room, lang: str | None = None) -> dict[str, Any]:
    body = asdict(room) | {"halted": reason_body(room.halted, lang)}
    members = [
        {**asdict(member), "kind": str(member.kind), "capabilities": list(member.capabilities)}
        for member in room.members
    ]
    return body | {"members": members}


def summary_body(summary: RoomSummary, lang: str) -> dict[str, Any]:
    last = summary.last_line
    return room_body(summary.room, lang) | {
        "last_line": message_body(last, lang) if last else None,
        "speaking": summary.speaking,
    }


def model_body(model: ModelInfo) -> dict[str, Any]:
    return asdict(model) | {"capabilities": sorted(model.capabilities)}


def whole_model_body(bench: Workbench, ref: str) -> dict[str, Any]:
    """A model with what it says of itself.

    Raises:
        ModelNotFound, ModelMissing, ProviderError: there is none, or its server is away.
    """
    return model_body(bench.registry.info(ref)) | asdict(bench.models.details(ref))


def plan_body(plan: SwitchPlan) -> dict[str, Any]:
    forecast = plan.forecast
    told = None
    if forecast is not None:
        told = asdict(forecast) | {"total_bytes": forecast.total_bytes}
    return asdict(plan) | {"unload": list(plan.unload), "forecast": told}


def provider_body(state: ProviderState, lang: str) -> dict[str, Any]:
    return {
        "name": state.name,
        "available": state.available,
        "address": state.address,
        "version": state.version,
        "error": state.error.as_dict(lang) if state.error else None,
    }


def prompt_body(room_id: str, seq: int, trace: Trace, lang: str) -> dict[str, Any]:
    prompt = trace.prompt
    return {
        "room": room_id,
        "seq": seq,
        "model": trace.model,
        "template": prompt.template,
        "rule": prompt.rule,
        "tokens": prompt.tokens,
        "exact": prompt.exact,
        "parts": [
            {
                "name": part.name,
                "tokens": part.tokens,
                "chars": part.chars,
                "note": translate(part.note.text, lang, part.note.params) if part.note else None,
            }
            for part in prompt.parts
        ],
        "messages": [
            {"role": message.role, "content": message.content} for message in prompt.messages
        ],
    }
