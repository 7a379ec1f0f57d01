"""What is sent to an OpenAI-compatible server for one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import ModelRefused
from core.providers.abilities import tool_body
from core.providers.base import GenerationOptions
from core.providers.openai.hosts import Host

OURS = frozenset({"model", "messages", "stream", "stream_options", "n", "tools", "response_format"})


def chat_body(
    ref: str,
    host: Host,
    name: str,
    messages: Sequence[Mapping[str, Any]],
    options: GenerationOptions,
    thinks: bool | None,
    *,
    unfinished: bool = False,
) -> dict[str, Any]:
    """The body for /chat/completions; `thinks` is `None` for a model that cannot.

    `unfinished`: the last message is the beginning of the answer.

    Raises:
        ModelRefused: `options.extra` has a field that is not for it to set.
    """
    mine = sorted(OURS & options.extra.keys())
    if mine:
        raise ModelRefused(model=ref, detail=f"“{mine[0]}” is not an option")
    preset = host.preset
    given = {
        preset.limit: options.max_tokens,
        "temperature": options.temperature,
        "top_p": options.top_p,
        "seed": options.seed,
        "stop": list(options.stop) or None,
        "tools": [tool_body(tool) for tool in options.tools] or None,
        "response_format": _shape(host, options),
        "stream_options": {"include_usage": True} if preset.counts else None,
        **_thinking(host, thinks),
        **(dict(preset.go_on) if unfinished else {}),
    }
    kept = {
        field: value
        for field, value in given.items()
        if value is not None and field not in preset.leave_out
    }
    return {"model": name, "messages": list(messages), "stream": True, **kept, **options.extra}


def _shape(host: Host, options: GenerationOptions) -> dict[str, Any] | None:
    if options.format is None:
        return None
    if options.format == "json":
        return {"type": "json_object"}
    if host.preset.schema == "json_object":
        return {"type": "json_object", "schema": dict(options.format)}
    schema = {"name": "answer", "schema": dict(options.format)}
    return {"type": "json_schema", "json_schema": schema}


def _thinking(host: Host, thinks: bool | None) -> dict[str, Any]:
    """A template is told on or off; an effort can only be asked for."""
    if thinks is None:
        return {}
    if host.preset.thinking == "template":
        return {"chat_template_kwargs": {"enable_thinking": thinks}}
    if host.preset.thinking == "effort" and thinks:
        return {"reasoning_effort": "medium"}
    return {}
