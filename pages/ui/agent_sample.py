"""An agent heard while it is edited: a sample reply, and the same line asked of two models.

The replies run in core; here they are only looked at, a few times a second while one is spoken.
There is one run at a time per tab: beginning one stops the one before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.agents import Agent
from core.errors import explain
from core.messages import ReplyStatus
from core.rooms.answering.tryout import Tryout
from core.text import _
from pages.ui import heard, people, queue, talk, words
from pages.ui.agent_draft import Draft
from pages.ui.agent_picture import face_of
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain, quiet, safe
from pages.ui.state import state

LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """A line, who is to answer it, and with which models."""

    place: str
    agent: Agent
    said: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was asked, and the answers on their way, one for each model."""

    asked: Asked
    runs: tuple[Tryout, ...]

    @property
    def speaking(self) -> bool:
        return any(not run.status.final for run in self.runs)

    def stop(self) -> None:
        for run in self.runs:
            run.stop()


def sample(draft: Draft, said: str, model: str, *, local: bool) -> None:
    """A reply of the draft, begun by itself whenever the draft has changed.

    By itself only with a model on this machine: elsewhere each word may cost something.
    """
    asked = Asked("sample", draft.agent(), said, (model,))
    ready = bool(asked.agent.name and not draft.problems)
    if not asked.agent.name:
        quiet(_("Give it a name, and it will speak here."))
    again = st.button(_("Say it again"), icon=":material/replay:", disabled=not ready)
    trial = state().trial
    if again or (ready and local and (trial is None or trial.asked != asked)):
        _begin(asked)
    _watch("sample", face_of(draft))


def compare(draft: Draft, said: str, models: tuple[str, str]) -> None:
    """The same line asked of two models, side by side."""
    asked = Asked("compare", draft.agent(), said, models)
    ready = bool(asked.agent.name and not draft.problems)
    if st.button(_("Ask both"), icon=":material/compare:", disabled=not ready):
        _begin(asked)
    _watch("compare", face_of(draft))


def stop() -> None:
    """End what is spoken in this tab."""
    trial = state().trial
    if trial is not None:
        trial.stop()


def _begin(asked: Asked) -> None:
    stop()
    with shown():
        user = talk.user_name()
        runs = (
            workbench().rooms.alone.try_out(asked.agent, model, asked.said, user=user)
            for model in asked.models
        )
        state().trial = Trial(asked, tuple(runs))


def _watch(place: str, face: str) -> None:
    trial = state().trial
    if trial is None or trial.asked.place != place:
        return
    # How often a fragment runs is fixed until the page itself runs: it does, at the end.
    every = LOOK_S if trial.speaking else None
    st.fragment(_replies, run_every=every)(trial, face, every is not None)


def _replies(trial: Trial, face: str, looking: bool) -> None:
    words.begin(workbench())
    speaking = trial.speaking
    for place, run in zip(st.columns(len(trial.runs), gap="small"), trial.runs, strict=True):
        with place, st.container(border=True):
            _reply(trial.asked.agent, face, run)
    if speaking:
        st.button(_("Stop"), icon=":material/stop:", on_click=trial.stop)
    elif looking:
        st.rerun()


def _reply(agent: Agent, face: str, run: Tryout) -> None:
    """One answer as a room would show it."""
    text, status = run.text, run.status
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(face, width=32, alt="")
        facts = _facts(run)
        st.markdown(f"{people.coloured(agent.name)}  \n:small[:gray[{facts}]]")
    st.markdown(safe(text) if text.strip() else "…")
    note = _note(run, status)
    if note:
        quiet(note)
    if status.final:
        heard.notes(run.spoken)
        heard.thoughts(run.spoken, "stretch")
        heard.tone(run.spoken)


def _facts(run: Tryout) -> str:
    parts = [plain(run.spoken.model or run.wanted)]
    timings = run.timings
    if timings and timings.first_token_ms is not None:
        parts.append(words.seconds(timings.first_token_ms))
    if timings and timings.tokens_per_s is not None:
        parts.append(_("{n} tokens/s", n=round(timings.tokens_per_s)))
    return " · ".join(parts)


def _note(run: Tryout, status: ReplyStatus) -> str:
    reason = run.spoken.reason
    if status is ReplyStatus.STOPPED:
        return ":material/stop_circle: " + _("Stopped by you.")
    if status is ReplyStatus.FAILED:
        why = plain(explain(reason)) if reason else ""
        return ":red[:material/error:] " + _("No answer came.") + " " + why
    if reason is not None:
        return ":material/alt_route: " + plain(explain(reason))
    ahead = run.ahead
    return queue.waits(ahead) if ahead else ""
