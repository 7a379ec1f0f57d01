"""What a user sees when something fails: what happened and what to do, never a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st

from core.errors import WorkbenchError
from core.logs import part_logger
from core.text import _
from pages.ui.markdown import plain
from pages.ui.state import state

log = part_logger("pages")


def show(error: WorkbenchError) -> None:
    """The error as a sentence, with its next step below."""
    st.error(f"{plain(error.message())}  \n{plain(error.hint())}", icon=":material/error:")


@contextmanager
def shown() -> Iterator[None]:
    """Show a WorkbenchError of the block where the block stands, and go on after it."""
    try:
        yield
    except WorkbenchError as error:
        show(error)


def kept(callback: Callable[..., Any]) -> Callable[..., None]:
    """For callbacks: they run before the page, so their error waits for `show_kept`."""

    @wraps(callback)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            callback(*args, **kwargs)
        except WorkbenchError as error:
            state().problem = error

    return guarded


def show_kept() -> None:
    """Show what a callback left, once."""
    error, state().problem = state().problem, None
    if isinstance(error, WorkbenchError):
        show(error)


def on_script_error(error: BaseException) -> bool:
    """For `st.App(on_script_error=…)`: a calm sentence instead of a traceback.

    The log gets the error's kind and places; its text, which may quote a message, does not go in.
    """
    if isinstance(error, WorkbenchError):
        show(error)
        return True
    log.exception("screen.failed", error)
    st.error(
        _("This screen could not be drawn.")
        + "  \n"
        + _("Reload the page; if it stays, the log in the data folder names the place."),
        icon=":material/error:",
    )
    return True
