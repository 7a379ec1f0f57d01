"""The talk as a model is shown it: a window of it, what came before, and messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.agents.lore import Insert
from core.agents.macros import replace
from core.agents.names import name_key
from core.agents.spec import Agent
from core.agents.summary import summarise
from core.agents.window import Cost, Count, Heard, cost_by, line_tokens, steady, tail, window
from core.messages import Line, PromptMessage
from core.providers.tokens import MESSAGE_TOKENS

SUMMARY_SHARE = 8  # of the talk's tokens the summary may take 1/n
# The oldest lines leave the summary this many at a time.
SUMMARY_STEP = 64
WHISPERED = "whispering"


@dataclass(frozen=True, slots=True)
class Talk:
    """The lines of the window; `known` is how many there were to choose from.

    `tokens` are those of the lines and of `greeting`, the agent's own first line, which no row
    holds; `summary` is of what is not shown.
    """

    lines: Sequence[Heard]
    known: int
    tokens: int
    greeting: str = ""
    summary: str = ""


def talk_within(
    agent: Agent,
    transcript: Sequence[Heard],
    budget: int,
    *,
    count: Count,
    user: str,
    members: Sequence[str],
    summary: str | None,
) -> Talk:
    """What fits into `budget` tokens. `summary` is a written one, "" lets one be made here.

    `None` is for a model that understands none.
    """
    share = budget // SUMMARY_SHARE
    told, cost = "" if summary is None else within(summary, share, count), cost_by(count)
    lines = window(transcript, budget - (share if told else 0), cost)
    if len(lines) == len(transcript):
        room = budget - sum(map(cost, transcript)) - MESSAGE_TOKENS
        greeting = _greeting(agent, transcript, user, count, room) if not told else ""
        lines, tokens = _short(lines, budget, count, cost)
        tokens += count(greeting) + MESSAGE_TOKENS if greeting else 0
        return Talk(lines, len(transcript), tokens, greeting, told)
    if summary is not None and not told:
        lines = window(transcript, budget - share, cost)
        fallen = transcript[steady(transcript, 0, SUMMARY_STEP) : len(transcript) - len(lines)]
        told = summarise(fallen, share, count, members)
    lines, tokens = _short(lines, budget - share, count, cost)
    return Talk(lines, len(transcript), tokens, summary=told)


def greeting_of(agent: Agent, user: str) -> str:
    """The line with which an agent meets the people of a fresh room, "" when it has none."""
    return replace(agent.greetings[0], agent.name, user) if agent.greetings else ""


def within(text: str, budget: int, count: Count) -> str:
    """The first whole lines of `text` that fit."""
    kept = []
    for line in text.strip().splitlines():
        budget -= count(line) + 1
        if budget < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def as_messages(agent: str, talk: Talk, inserts: Sequence[Insert] = ()) -> list[PromptMessage]:
    """Own lines are the assistant's, what others said is the user's, each with its speaker.

    Neighbours of one role are merged into one message, the assistant's are not. `inserts` stand
    as many lines before the end as their depth says.
    """
    own = name_key(agent)
    said = [PromptMessage("assistant", talk.greeting)] if talk.greeting else []
    said += [
        PromptMessage("assistant", line.content)
        if name_key(line.sender) == own
        else PromptMessage("user", f"{_speaker(line)}: {line.content}")
        for line in talk.lines
    ]
    places: dict[int, list[PromptMessage]] = {}
    for insert in inserts:
        place = max(0, len(said) - insert.depth)
        places.setdefault(place, []).append(PromptMessage(insert.role, insert.text))
    found: list[PromptMessage] = []
    for place in range(len(said) + 1):
        for message in (*places.get(place, ()), *said[place : place + 1]):
            _add(found, message)
    return found


def _speaker(line: Heard) -> str:
    # Said to this agent alone: it should know that the others did not hear it.
    return f"{line.sender} ({WHISPERED})" if getattr(line, "whispered", False) else line.sender


def _add(found: list[PromptMessage], message: PromptMessage) -> None:
    last = found[-1] if found else None
    if last is not None and last.role == message.role and message.role != "assistant":
        found[-1] = PromptMessage(last.role, f"{last.content}\n{message.content}")
    else:
        found.append(message)


def _short(
    lines: Sequence[Heard], budget: int, count: Count, cost: Cost
) -> tuple[Sequence[Heard], int]:
    """The window keeps its last line however long it is: then its end alone. With its tokens."""
    if len(lines) != 1 or cost(lines[0]) <= budget:
        return lines, sum(map(cost, lines))
    last = lines[0]
    room = max(1, budget - count(last.sender) - MESSAGE_TOKENS)
    cut = Line(last.seq, last.sender, tail(last.content, room, count))
    return [cut], line_tokens(cut, count)


def _greeting(agent: Agent, transcript: Sequence[Heard], user: str, count: Count, room: int) -> str:
    """The greeting, as long as the talk still has its beginning and there is room for it."""
    text = greeting_of(agent, user)
    if not text or not transcript or transcript[0].seq != 1:
        return ""
    return text if count(text) <= room else ""
