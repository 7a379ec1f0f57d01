"""What the response processor found in a reply: its thoughts, its tone, what was left out."""

from __future__ import annotations

import streamlit as st

from core.messages import Message
from core.rooms.speech import Report, ToneRecord
from core.rooms.speech.report import FILTER, SPEAKER, Cut
from core.text import N_, _
from pages.ui import words
from pages.ui.markdown import plain, quiet, safe

# The tones of the bundled rules; one that a user has added is shown by its own name.
TONES = (
    N_("polite"),
    N_("formal"),
    N_("casual"),
    N_("cheerful"),
    N_("calm"),
    N_("concise"),
)


def tone(line: Message) -> None:
    """A quiet badge: how the reply kept the tone that its agent promises."""
    heard = Report.of(line.speech).tone
    if heard is not None:
        _badge(heard.expected, heard.held, heard.of)


def record(records: list[ToneRecord]) -> None:
    """For the agent's page: the same over its last replies."""
    with st.container(horizontal=True, gap="xsmall"):
        for one in records:
            _badge(one.expected, one.held, one.of)


def thoughts(line: Message, width: int) -> None:
    """What the model thought aloud, folded."""
    if line.reasoning:
        icon = ":material/psychology:"
        with st.expander(_("Thoughts"), icon=icon, type="compact", width=width):
            st.markdown(safe(line.reasoning))


def notes(line: Message) -> None:
    """What was left out of a reply, and why."""
    report = Report.of(line.speech)
    if report.cut is not None:
        quiet(":material/content_cut: " + plain(_cut(report.cut)))
    if report.masked:
        rules = [f"{count} × {rule}" for rule, count in report.masked.items()]
        quiet(
            ":material/visibility_off: " + plain(_("Masked: {rules}.", rules=words.listed(rules)))
        )
    for rule in report.slow:
        slow = _("The rule “{rule}” took too long and was left out.", rule=rule)
        quiet(":material/timer_off: " + plain(slow))


def live_words() -> dict[str, str]:
    """The same for the live view, until the page draws the line itself."""
    return {
        "thinking": _("thinking …"),
        "cutSpeaker": _("It began to speak for {name}; that part was left out."),
        "cutTemplate": _("It began a turn that was not its own; that part was left out."),
        "cutFilter": _("It was cut here by the rule “{rule}”."),
        "masked": _("Masked: {rules}."),
    }


def _cut(cut: Cut) -> str:
    if cut.kind == SPEAKER:
        return _("It began to speak for {name}; that part was left out.", name=cut.subject)
    if cut.kind == FILTER:
        return _("It was cut here by the rule “{rule}”.", rule=cut.subject)
    return _("It began a turn that was not its own; that part was left out.")


def _badge(expected: str, held: int, of: int) -> None:
    named = _(expected) if expected in TONES else expected
    explained = _(
        "The tone “{tone}” was kept in {held} of {of} places. Nothing was changed.",
        tone=plain(named),
        held=held,
        of=of,
    )
    st.badge(f"{plain(named)} {held}/{of}", color="gray", help=explained)
