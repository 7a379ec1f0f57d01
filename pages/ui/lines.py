"""One line of a room, drawn with native chat elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import FromCache, by_code, explain
from core.messages import Kind, Message, Reason, ReplyStatus
from core.rooms.policies import IN_ORDER
from core.rooms.policies.reasons import why
from core.text import _, translate
from pages.ui import heard, line_foot, live, people, troubles, words
from pages.ui.markdown import plain, quiet, safe

# About 75 characters of text.
TEXT_WIDTH = 640
QUOTE_CHARS = 90

Choose = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the "…" menu of a line offers: `act` is called with the option and the line's seq."""

    room: str
    act: Callable[[str, int], None]


def draw(line: Message, choices: Choices, answered: Message | None = None) -> None:
    """Draw one finished line; `answered` is the line that it replies to, if there is one.

    The key gives the line a place of its own, so the browser keeps its nodes on every rerun.
    """
    with st.container(key=f"line-{line.seq}"):
        if line.deleted:
            quiet(_("A line was deleted here."))
            return
        message = st.chat_message(line.sender, avatar=people.face(line.sender))
        with message, st.container(gap="xxsmall"):
            _head(line, choices)
            if answered is not None:
                quiet(quotation(answered))
            troubles.in_character(line)
            _words(line)
            line_foot.marks(line)
            note = _note(line)
            if note:
                quiet(note)
            heard.notes(line)
            heard.thoughts(line, TEXT_WIDTH)
            line_foot.draw(line)


def quotation(line: Message) -> str:
    """One line that names another: "↪ Ren: the first words …"."""
    short = line.content[:QUOTE_CHARS] + ("…" if len(line.content) > QUOTE_CHARS else "")
    return f":material/reply: {plain(line.sender)}: {plain(short)}"


def _head(line: Message, choices: Choices) -> None:
    place = st.container(
        key=f"head-{line.seq}", horizontal=True, vertical_alignment="center", gap="small"
    )
    with place:
        human = line.kind is Kind.HUMAN
        st.markdown(people.coloured(line.sender), width="stretch" if human else "content")
        if not human:
            _model(line, choices)
            with st.container(key=f"facts-{line.seq}"):
                st.markdown(f":small[:gray[{_facts(line)}]]")
        heard.tone(line)
        if not line.status.final:
            return
        key = f"menu-{line.seq}"
        st.menu_button(
            _("More"),
            tuple(options(line.kind, line)),
            key=key,
            type="tertiary",
            icon=":material/more_horiz:",
            format_func=lambda option: options()[option],
            on_click=lambda: choices.act(str(st.session_state[key]), line.seq),
        )


def _model(line: Message, choices: Choices) -> None:
    """Which model answered; a press lets another one answer."""
    if line.model:
        st.button(
            plain(line.model),
            key=f"with-{line.seq}",
            type="tertiary",
            help=_("Answer again with …"),
            disabled=not line.status.final,
            on_click=choices.act,
            args=("with", line.seq),
        )


def options(kind: Kind = Kind.AGENT, line: Message | None = None) -> dict[str, str]:
    """What can be done with a finished line: keys, and words for them; all of an agent's."""
    said = {}
    if kind is Kind.AGENT:
        said = {"again": _("Answer again"), "with": _("Answer with …"), "prompt": _("Prompt")}
        if line is None or line.status in (ReplyStatus.PARTIAL, ReplyStatus.STOPPED):
            said["continue"] = _("Go on")
    pin = _("Let it go") if line is not None and line.pinned else _("Pin")
    rest = {"edit": _("Edit"), "branch": _("Branch from here"), "pin": pin}
    return {"reply": _("Reply"), **said, **rest, "delete": _("Delete")}


def _words(line: Message) -> None:
    if not line.status.final:  # it is said once more
        live.again(line.room, line.seq, line.content)
    elif line.content:
        st.markdown(safe(line.content), width=TEXT_WIDTH)


def _facts(line: Message) -> str:
    """Small and grey: seconds to the first token, tokens a second, why it was its turn."""
    parts = []
    timings = line.timings
    if timings and timings.first_token_ms is not None:
        parts.append(words.seconds(timings.first_token_ms))
    if timings and timings.tokens_per_s is not None:
        parts.append(_("{n} tokens/s", n=round(timings.tokens_per_s)))
    if line.turn and line.turn["code"] != IN_ORDER and (reason := why(line.turn)):
        parts.append(plain(reason))
    return " · ".join(parts)


def _note(line: Message) -> str:
    """How the line ended, in words, when it is not simply complete; why it fell back, too."""
    reason = line.reason
    if line.status is ReplyStatus.STOPPED:
        return ":material/stop_circle: " + _("Stopped by you.")
    if line.status is ReplyStatus.PARTIAL:
        return ":material/content_cut: " + _sentence(_("It broke off here."), reason)
    if line.status is ReplyStatus.FAILED:
        return ":red[:material/error:] " + _sentence(_("No answer came."), reason)
    if reason is not None and reason.code == FromCache.code:
        return ":material/cached: " + plain(explain(reason))
    if reason is not None:
        return ":material/alt_route: " + plain(explain(reason))
    return ""


def _sentence(first: str, reason: Reason | None) -> str:
    if reason is None:
        return first
    hint = translate(by_code(reason.code).next_step, words.language(), dict(reason.params))
    return " ".join([first, plain(explain(reason)), plain(hint)])
