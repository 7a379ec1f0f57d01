"""Work in the background, as every screen shows it at its edge."""

from __future__ import annotations

import streamlit as st

from core.jobs import Job
from core.text import _, language
from core.workbench import Workbench
from pages.ui import words
from pages.ui.failures import kept
from pages.ui.markdown import plain
from pages.ui.state import state

MOST = 3


def running(bench: Workbench) -> None:
    """What is under way: its bar, with a link to its screen and a way to end it."""
    for job in bench.jobs.active()[:MOST]:
        with st.container(border=True, gap="xsmall", key=f"job-{job.id}"):
            bar(bench, job)
            with st.container(horizontal=True, horizontal_alignment="distribute"):
                page = bench.jobs.kind(job.kind).page
                if st.button(_("Show"), key=f"job-show-{job.id}", type="tertiary"):
                    state().open(page)
                    st.rerun()
                cancel_button(bench, job, "edge")


def bar(bench: Workbench, job: Job) -> None:
    """How far it is, in a bar when that is known."""
    kind, progress = bench.jobs.kind(job.kind), job.progress
    title, doing = kind.called(job, language()), kind.says(job, language())
    lines = [f"**{plain(title)}**"]
    if doing:
        lines.append(plain(doing))
    if progress.done_bytes is not None and progress.total_bytes:
        done, total = words.size(progress.done_bytes), words.size(progress.total_bytes)
        lines.append(_("{done} of {total}", done=done, total=total))
    text = "  \n".join(f":small[{line}]" for line in lines)
    if progress.share is None:
        st.markdown(text)
    else:
        st.progress(progress.share, text=text)


def cancel_button(bench: Workbench, job: Job, place: str) -> None:
    st.button(
        _("Cancel"),
        key=f"job-cancel-{place}-{job.id}",
        type="tertiary",
        icon=":material/close:",
        on_click=kept(bench.jobs.cancel),
        args=(job.id,),
    )
