"""Who answers a completion: a room, an agent, the app's own chain of models, or one model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from core.agents import Agent
from core.api.openai.asked import last_said, options_of, plain_options, prompt_of, refuse
from core.api.openai.schemas import CompletionIn
from core.errors import explain
from core.messages import Line, Message, PromptMessage, ToolCall, Usage
from core.providers.base import Chunk, GenerationOptions
from core.providers.chain import Chosen, answer
from core.rooms.said.replies import replies
from core.workbench import Workbench

AUTO, AGENT, ROOM = "auto", "agent/", "room/"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a completion. `reason` ("stop", "length", "tool_calls") ends it.

    `about` says what stands behind the answer: its model, its host, why it is not another.
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    reason: str | None = None
    usage: Usage | None = None
    about: dict[str, Any] = field(default_factory=dict)


Voice = Callable[[threading.Event], Generator[Part, None, None]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, in which language, and under which key a retry is known."""

    owner: str
    name: str
    lang: str
    key: str | None = None


def voice_for(bench: Workbench, body: CompletionIn, asker: Asker) -> Voice:
    """What answers `body`; for a room, the message is stored when this returns.

    Raises:
        RoomNotFound, AgentNotFound, ModelNotFound: nobody has that name.
        InvalidInput, MessageTooLong, OverQuota, …: it is not to be asked, or not like this.
    """
    if body.model.startswith(ROOM):
        return _room(bench, body, asker)
    if body.model.startswith(AGENT):
        return _agent(bench, bench.agents.get(body.model.removeprefix(AGENT)), body, asker)
    messages, options = prompt_of(body), options_of(body, plain_options(bench.settings))
    chosen = bench.preferences.get("default_model") or bench.settings.models.default
    chain = [chosen, *bench.settings.models.fallbacks]
    if body.model != AUTO:
        bench.registry.provider(body.model)
        chain = [body.model]
    lasting = body.model == AUTO

    def speak(cancel: threading.Event) -> Generator[Part, None, None]:
        with bench.rooms.alone.turn(asker.owner, body.model, chain[0], cancel) as mine:
            if not mine:
                return
            pieces = answer(
                bench.registry,
                chain,
                lambda _ref, _tokens: messages,
                options,
                cancel,
                last_resort=lasting,
            )
            yield from _heard(pieces, asker.lang)

    return speak


def _agent(bench: Workbench, agent: Agent, body: CompletionIn, asker: Asker) -> Voice:
    """An agent answers the history that it is given, and keeps nothing."""
    messages = prompt_of(body)
    options = options_of(body, bench.rooms.alone.options(agent))
    chain = bench.rooms.alone.chain(agent)

    def prompt_for(model: str, tokens: int) -> Sequence[PromptMessage]:
        shown = replace(options, context_tokens=tokens)
        return _as_agent(bench, agent, messages, model, shown, asker.name)

    def speak(cancel: threading.Event) -> Generator[Part, None, None]:
        with bench.rooms.alone.turn(asker.owner, agent.name, chain[0], cancel) as mine:
            if mine:
                pieces = answer(bench.registry, chain, prompt_for, options, cancel)
                yield from _processed(bench, agent, messages[-1], pieces, asker)

    return speak


def _processed(
    bench: Workbench, agent: Agent, last: PromptMessage, pieces: Iterator[Any], asker: Asker
) -> Generator[Part, None, None]:
    """The parts of an agent's answer after its response processor; `last` may be its beginning."""
    processor = bench.rooms.alone.processor(agent)(agent.name, [asker.name])
    if last.unfinished:
        processor.go_on_after(last.content)
    with closing(_heard(pieces, asker.lang)) as parts:
        for part in parts:
            chunk = Chunk(part.text, part.reasoning, done_reason=part.reason)
            said = processor.heard(chunk)
            if part.reason or processor.ended:
                said += processor.rest()
            yield replace(part, text=said, reason=part.reason or _end(processor.ended))
            if processor.ended:
                return


def _as_agent(
    bench: Workbench,
    agent: Agent,
    messages: Sequence[PromptMessage],
    model: str,
    options: GenerationOptions,
    user: str,
) -> Sequence[PromptMessage]:
    """The prompt: as in a room; with tools or pictures the agent's text, then the history."""
    names = {"user": user, "assistant": agent.name, "system": "System", "tool": "Tool"}
    begun = [messages[-1]] if messages[-1].unfinished else []
    lines = [
        Line(seq, names[message.role], message.content)
        for seq, message in enumerate(messages[: len(messages) - len(begun)], 1)
        if message.content
    ]
    if not lines:
        refuse("messages", "a message with a text", "none")
    prompt = bench.rooms.alone.prompt(agent, lines, model, options).messages
    if options.tools or any(one.images or one.tool_calls for one in messages):
        return [prompt[0], *messages]
    return [*prompt, *begun]


def _room(bench: Workbench, body: CompletionIn, asker: Asker) -> Voice:
    """The last user message is said in the room, and everybody's answers are heard."""
    if body.tools or (body.response_format and body.response_format.type != "text"):
        refuse("tools", "none: the agents of a room have their own", "tools or a response_format")
    if body.continue_final_message:
        refuse("continue_final_message", "false: a room is said something new", True)
    options_of(body, GenerationOptions())
    room = bench.rooms.get(body.model.removeprefix(ROOM))
    posted = bench.rooms.post(
        room.id, last_said(body), sender=asker.name, owner=asker.owner, key=asker.key
    )

    def speak(cancel: threading.Event) -> Generator[Part, None, None]:
        ended: list[Message] = []
        begun = False
        for said in replies(bench.rooms, room.id, posted.seq, cancel):
            head = "" if begun else ("\n\n" if ended else "") + f"{said.sender}: "
            begun = said.ended is None
            tail = _note(said.ended, asker.lang) if said.ended else ""
            yield Part(head + said.text + tail)
            if said.ended:
                ended.append(said.ended)
        if not cancel.is_set():
            yield Part(reason="stop", usage=_sum(ended), about=_about_room(posted, ended))

    return speak


def _heard(pieces: Iterator[Any], lang: str) -> Generator[Part, None, None]:
    about: dict[str, Any] = {}
    called = False
    try:
        for piece in pieces:
            if isinstance(piece, Chosen):
                reason = explain(piece.reason, lang) if piece.reason else None
                about = {"model": piece.ref, "host": piece.host, "reason": reason}
            elif isinstance(piece, Chunk):
                called = called or bool(piece.tool_calls)
                ends = piece.done_reason
                reason = "tool_calls" if ends == "stop" and called else ends
                yield Part(
                    piece.text,
                    piece.reasoning,
                    piece.tool_calls,
                    reason,
                    piece.usage,
                    about if reason else {},
                )
    finally:
        if isinstance(pieces, Generator):
            pieces.close()


def _end(ended: bool) -> str | None:
    return "stop" if ended else None


def _note(message: Message, lang: str) -> str:
    """What is said behind a reply that failed or broke off."""
    if message.reason is None or message.status.value not in ("failed", "partial"):
        return ""
    return f" [{explain(message.reason, lang)}]"


def _sum(messages: Sequence[Message]) -> Usage:
    counts = [message.usage for message in messages if message.usage]
    asked = [one.prompt_tokens for one in counts if one.prompt_tokens is not None]
    answered = [one.completion_tokens for one in counts if one.completion_tokens is not None]
    return Usage(sum(asked) if asked else None, sum(answered) if answered else None)


def _about_room(posted: Message, ended: Sequence[Message]) -> dict[str, Any]:
    turns = [
        {"seq": one.seq, "sender": one.sender, "model": one.model, "status": str(one.status)}
        for one in ended
    ]
    return {"room": posted.room, "seq": posted.seq, "turns": turns}
