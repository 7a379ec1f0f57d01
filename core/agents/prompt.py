"""From a character and a transcript to what a model is sent.

The system text comes from a sandboxed Jinja template that sees plain strings only. The
transcript is seen through the agent's eyes: its own lines are the assistant's, what others
said is the user's, each line with its speaker, neighbours merged into one message.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from core.agents.files import name_key
from core.agents.spec import Agent
from core.messages import PromptMessage
from core.paths import TEMPLATES

STARTER_TEMPLATE = "starter"
DEFAULT_TEMPLATE = "default"
# Messages leave the window this many at a time, so that the prompt's beginning stays the same
# for several turns and servers can reuse what they have read of it.
WINDOW_STEP = 8
# A system text longer than this is cut: a template that runs away fills no window.
MAX_SYSTEM_CHARS = 16_000


class Heard(Protocol):
    """What somebody said: a message, or a line of a transcript."""

    @property
    def seq(self) -> int: ...
    @property
    def sender(self) -> str: ...
    @property
    def content(self) -> str: ...


def build_prompt(
    agent: Agent,
    transcript: Sequence[Heard],
    *,
    model: str,
    members: Sequence[str] = (),
    budget_tokens: int = 3_000,
    templates: Path = TEMPLATES,
) -> list[PromptMessage]:
    """The messages for `model`, oldest first, within about `budget_tokens`.

    The count is an estimate (`estimate_tokens`), not the model's own. The system text and the
    last message are always there, the last one cut at its front when it alone is too long.
    """
    template = STARTER_TEMPLATE if model == "starter" else agent.template or DEFAULT_TEMPLATE
    system = render_system(agent, template, members, templates)
    budget = max(64, budget_tokens - estimate_tokens(system))
    lines = _window(transcript, budget)
    own = name_key(agent.name)
    prompt = [PromptMessage("system", system)]
    for line in lines:
        if name_key(line.sender) == own:
            prompt.append(PromptMessage("assistant", line.content))
        else:
            _hear(prompt, f"{line.sender}: {_tail(line.content, budget)}")
    return prompt


def render_system(
    agent: Agent, template: str, members: Sequence[str] = (), templates: Path = TEMPLATES
) -> str:
    """The system text of `agent` from `config/templates/<template>.j2`."""
    values = {
        "name": agent.name,
        "role": ", ".join(agent.roles),
        "tone": ", ".join(agent.tones),
        "personality": ", ".join(agent.personalities),
        "description": agent.description,
        "gender": agent.gender,
        "background": agent.background,
        "body": agent.body,
        "others": ", ".join(name for name in members if name_key(name) != name_key(agent.name)),
    }
    environment = _environment(templates)
    known = f"{template}.j2" in environment.list_templates()  # type: ignore[attr-defined]
    name = template if known else DEFAULT_TEMPLATE
    rendered = environment.get_template(f"{name}.j2").render(values)  # type: ignore[attr-defined]
    return str(rendered).strip()[:MAX_SYSTEM_CHARS]


def estimate_tokens(text: str) -> int:
    """About how many tokens a text takes: a quarter of its letters, one for each CJK sign."""
    wide = sum(1 for letter in text if letter > "\u2e7f")
    return wide + (len(text) - wide) // 4 + 4


def _hear(prompt: list[PromptMessage], line: str) -> None:
    if prompt[-1].role == "user":
        prompt[-1] = PromptMessage("user", f"{prompt[-1].content}\n{line}")
    else:
        prompt.append(PromptMessage("user", line))


def _window(transcript: Sequence[Heard], budget: int) -> Sequence[Heard]:
    used = 0
    start = len(transcript)
    while start > 0:
        used += estimate_tokens(transcript[start - 1].content)
        if used > budget:
            break
        start -= 1
    if start == 0:
        return transcript
    # Counted by seq, not by position, so that the next turn cuts at the same message.
    while start < len(transcript) - 1 and transcript[start].seq % WINDOW_STEP != 1:
        start += 1
    return transcript[min(start, len(transcript) - 1) :]


def _tail(text: str, budget: int) -> str:
    while estimate_tokens(text) > budget:
        text = text[len(text) // 4 + 1 :]
    return text


@lru_cache(maxsize=4)
def _environment(templates: Path) -> object:
    from jinja2 import FileSystemLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(templates), trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
