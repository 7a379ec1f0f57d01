"""From a character and a transcript to what a model is sent, part by part and counted.

The system text comes first and stays the same from turn to turn, so that servers reuse what they
have read; what changes with every line (memories, entries called by a key) stands near the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.agents import macros
from core.agents.character import Character, character_text
from core.agents.examples import Examples, examples_within
from core.agents.lore import LATE_DEPTH, Insert, Lore, lore_of
from core.agents.lorebook import Lorebook
from core.agents.prompt_files import PromptFiles, prompt_files
from core.agents.rules import BY_AGENT, Choice
from core.agents.spec import Agent
from core.agents.talk import Talk, as_messages, talk_within, within
from core.agents.window import WINDOW_STEP, Count, Heard
from core.messages import PromptMessage
from core.providers.base import STARTER, base_of
from core.providers.tokens import MESSAGE_TOKENS, estimate_tokens
from core.text import N_, Words, words

__all__ = [
    "WINDOW_STEP",
    "Part",
    "Prompt",
    "build_prompt",
    "choose_template",
    "estimate_tokens",
    "render_system",
]

# Of the budget the system text may take 3/4; of what it leaves, the others at most 1/n each.
SYSTEM_SHARE = 3 / 4
LOREBOOK_SHARE, EXAMPLES_SHARE, MEMORIES_SHARE = 4, 5, 6
LEAST_TALK = 64
HEADINGS = 32  # tokens of the headings below, and of the marks around inserted messages
ANY_LENGTH = 10**9
SOMEBODY = "User"

REMEMBERED = "What you remember:\n"
EARLIER = "Said earlier in this talk:\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a prompt; `note` says how it came to be, where that is not plain."""

    name: str
    tokens: int
    chars: int
    note: Words | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is sent. `rule` is the rule that chose `template`.

    `exact` tells whether the model's own tokenizer counted; else the tokens are an estimate.
    The marks that a server puts around the whole are in no part.
    """

    messages: tuple[PromptMessage, ...]
    parts: tuple[Part, ...]
    template: str
    rule: str
    exact: bool = False

    @property
    def tokens(self) -> int:
        return sum(part.tokens for part in self.parts)


def choose_template(agent: Agent, files: PromptFiles | None = None) -> Choice:
    """The template for `agent` and the rule that chose it."""
    return (files or prompt_files()).rules.choose(agent)


def render_system(
    agent: Agent, template: str, members: Sequence[str] = (), files: PromptFiles | None = None
) -> str:
    """The system text of `agent` among `members` from one template, at any length."""
    return character_text(
        agent,
        Choice(template, BY_AGENT),
        members=members,
        user=SOMEBODY,
        files=files or prompt_files(),
        limit=ANY_LENGTH,
        count=estimate_tokens,
    ).text


def build_prompt(
    agent: Agent,
    transcript: Sequence[Heard],
    *,
    model: str,
    members: Sequence[str] = (),
    budget_tokens: int = 3_000,
    count: Count = estimate_tokens,
    memories: str = "",
    summary: str = "",
    user: str = "",
    lorebook: Lorebook | Mapping[str, Any] | None = None,
    files: PromptFiles | None = None,
    task: str = "",
) -> Prompt:
    """The messages for `model`, oldest first, within `budget_tokens` as `count` counts them.

    The character and the last line are always there: a character that is too long loses the end
    of its free text, a line that alone is too long its front. `summary` takes the place of the
    one that is made here of what fell out of the window. `user` is who `{{user}}` is. `task` is
    what this turn is for, told last of all.
    """
    files, user = files or prompt_files(), user or SOMEBODY
    told: str | None = summary
    if base_of(model) == STARTER:  # it has learnt one system text and a short talk, nothing else
        agent = replace(agent, examples="", greetings=())
        lorebook, memories, told, task = None, "", None, ""
    choice = files.rules.choose(agent, model)
    character = character_text(
        agent,
        choice,
        members=members,
        user=user,
        files=files,
        limit=int(budget_tokens * SYSTEM_SHARE),
        count=count,
    )
    taken = count(character.text) + (count(task) + MESSAGE_TOKENS if task else 0)
    left = max(LEAST_TALK, budget_tokens - taken - MESSAGE_TOKENS)
    book = lorebook if isinstance(lorebook, Lorebook) else Lorebook.from_card(lorebook)
    lore = lore_of(
        book, transcript, char=agent.name, user=user, budget=left // LOREBOOK_SHARE, count=count
    )
    examples = examples_within(
        macros.replace(agent.examples, agent.name, user), agent.name, left // EXAMPLES_SHARE, count
    )
    kept = left // MEMORIES_SHARE if memories else 0  # the same at every turn: a steady window
    memory = within(memories, kept, count)
    room = max(LEAST_TALK, left - lore.reserve - count(examples.text) - kept - HEADINGS)
    talk = talk_within(
        agent, transcript, room, count=count, user=user, members=members, summary=told
    )
    return Prompt(
        messages=_messages(agent, character, lore, examples, memory, talk, task),
        parts=_parts(character, lore, examples, memory, talk, task, count),
        template=character.template,
        rule=choice.rule,
        exact=getattr(count, "exact", False),
    )


def _messages(
    agent: Agent,
    character: Character,
    lore: Lore,
    examples: Examples,
    memory: str,
    talk: Talk,
    task: str,
) -> tuple[PromptMessage, ...]:
    earlier = EARLIER + talk.summary if talk.summary else ""
    system = (lore.before, character.text, lore.after, examples.text, earlier)
    inserts = list(lore.inserts)
    if memory:
        inserts.append(Insert(LATE_DEPTH, "system", REMEMBERED + memory))
    if task:  # beside the last line: many templates take no system message at the end
        inserts.append(Insert(0, "user", f"({task})"))
    first = PromptMessage("system", "\n\n".join(filter(None, system)))
    return first, *as_messages(agent.name, talk, inserts)


def _parts(
    character: Character,
    lore: Lore,
    examples: Examples,
    memory: str,
    talk: Talk,
    task: str,
    count: Count,
) -> tuple[Part, ...]:
    def part(name: str, text: str, note: Words | None = None, marks: int = 0) -> Part:
        return Part(name, count(text) + marks, len(text), note if text else None)

    dialogues = words(N_("{used} of {all} dialogues"), used=examples.used, all=examples.known)
    shown = words(N_("{used} of {all} lines"), used=len(talk.lines), all=talk.known)
    missing = words(N_("of {count} lines before"), count=talk.known - len(talk.lines))
    return (
        part("system", character.text, character.note, MESSAGE_TOKENS),
        Part("lorebook", lore.tokens, lore.chars, lore.note),
        part("examples", examples.text, dialogues),
        part("memories", memory),
        part("summary", talk.summary, missing),
        Part(
            "transcript",
            talk.tokens,
            sum(len(line.content) for line in talk.lines) + len(talk.greeting),
            shown,
        ),
        *([part("task", task)] if task else []),
    )
