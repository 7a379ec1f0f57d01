"""What is being done with models just now, and what did not come to its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from core.errors import by_code, explain
from core.jobs import Job, JobState
from core.text import _, language, translate
from pages.ui import jobs, words
from pages.ui.engine import workbench
from pages.ui.failures import shown
from pages.ui.markdown import plain
from pages.ui.models_switch import steps
from pages.ui.state import state

LIVE_S = 0.5
PAGE = "models"
SHOWN_FOR = timedelta(hours=24)
LAST = 20


def panel() -> None:
    """A fragment that looks again while something runs, and then draws the page once more."""
    busy = bool(_active())
    st.fragment(_look, run_every=LIVE_S if busy else None)(busy)


def _look(was_busy: bool) -> None:
    words.begin(workbench())
    active = _active()
    if was_busy and not active:
        st.rerun()  # there is another model, or another one in memory
    for job in active:
        _running(job)
    for job in _ended():
        _over(job)


def _active() -> list[Job]:
    bench = workbench()
    return [job for job in bench.jobs.active() if bench.jobs.kind(job.kind).page == PAGE]


def _ended() -> list[Job]:
    """The last of each subject that did not succeed, and a switch that just did."""
    bench, since = workbench(), datetime.now(UTC) - SHOWN_FOR
    found: dict[str, Job] = {}
    for job in bench.jobs.list(LAST):
        if bench.jobs.kind(job.kind).page == PAGE:
            found.setdefault(job.subject, job)
    return [job for job in found.values() if _tells(job, since)]


def _tells(job: Job, since: datetime) -> bool:
    recent = job.ended_at is not None and datetime.fromisoformat(job.ended_at) > since
    measured = job.state is JobState.DONE and bool(job.progress.detail.get("steps"))
    wanted = job.state.resumable or measured
    return recent and wanted and job.id not in state().seen_jobs


def _running(job: Job) -> None:
    bench = workbench()
    with st.container(border=True, gap="xsmall", key=f"doing-{job.id}"):
        jobs.bar(bench, job)
        steps(job.progress.detail.get("steps", []))
        jobs.cancel_button(bench, job, "models")


def _over(job: Job) -> None:
    bench = workbench()
    with st.container(border=True, gap="xsmall", key=f"done-{job.id}"):
        title = plain(bench.jobs.kind(job.kind).called(job, language()))
        if job.state is JobState.DONE:
            st.markdown(f":green[:material/check_circle:] **{title}**")
        else:
            st.markdown(f":orange[:material/error:] **{title}**  \n{_why(job)}")
        steps(job.progress.detail.get("steps", []))
        with st.container(horizontal=True):
            label, key = _("Take it up again"), f"resume-{job.id}"
            if job.state.resumable and st.button(label, key=key, icon=":material/play_arrow:"):
                with shown():
                    bench.jobs.resume(job.id)
                    st.rerun()  # the whole page: from now on it looks again while this runs
            st.button(
                _("All right"), key=f"seen-{job.id}", on_click=state().seen_jobs.add, args=(job.id,)
            )


def _why(job: Job) -> str:
    if job.error is None:
        return _("It was cancelled; what arrived is kept.")
    hint = translate(by_code(job.error.code).next_step, language(), job.error.params)
    return f"{plain(explain(job.error))}  \n{plain(hint)}"
