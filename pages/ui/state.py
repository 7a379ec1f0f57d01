"""What one browser tab remembers: ids and drafts, behind names.

Everything else lives in core, so a reload or a second tab loses nothing that matters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import WorkbenchError
from core.hardware.snapshot import Snapshot

if TYPE_CHECKING:
    from pages.ui.agent_draft import Draft
    from pages.ui.agent_sample import Trial

_KEY = "engawa"
KEPT_ROOMS = 5


@dataclass(slots=True)
class TabState:
    """One tab. Rooms are named by their ids, lines by their `seq`."""

    first_seq: dict[str, int] = field(default_factory=dict)  # the oldest line that is drawn
    boundary: dict[str, int] = field(default_factory=dict)  # the last line of the page's own run
    reply_to: dict[str, int] = field(default_factory=dict)  # the line that the draft answers
    whisper_to: dict[str, list[str]] = field(default_factory=dict)  # who alone hears the draft
    opened: set[str] = field(default_factory=set)  # rooms whose models were warmed from here
    visited: list[str] = field(default_factory=list)  # rooms that need a page of their own
    name: str = ""  # under which this tab writes; "": the name of the settings
    go_to: str | None = None  # a room to open in the next run
    screen: tuple[str, dict[str, str]] | None = None  # another screen: its path and query
    leaving: str | None = None  # a room to delete once its page is left
    deleted_room: str | None = None  # offered to be brought back, once
    deleting: tuple[str, int] | None = None  # the room and line that a dialog asks about
    settings_wanted: bool = False  # the room's settings, from another dialog
    asking_prompt: tuple[str, int] | None = None  # the reply whose prompt a dialog shows
    changing: tuple[str, str, int] | None = None  # a line's dialog: which, its room, its seq
    taken: str | None = None  # the last choice from a live line's menu that was carried out
    redraw: bool = False  # a fragment's callback changed something outside of it
    problem: Exception | None = None  # of a callback; shown once, in the next run
    drafts: dict[str, Draft] = field(default_factory=dict)  # agents that are edited here
    trial: Trial | None = None  # what an agent is saying to try it out
    agent_saved: str | None = None  # said once, in the next run
    import_problem: WorkbenchError | None = None  # why a file did not become an agent
    deleted_agent: str | None = None  # offered to be brought back, once
    shown_anomaly: str | None = None  # the anomaly that this page's banner tells
    seen_anomalies: set[str] = field(default_factory=set)  # not told again in this tab
    paused: Snapshot | None = None  # the machine as the Hardware screen shows it while it pauses

    switch_to: str | None = None  # a model whose plan a dialog shows
    model_dialog: tuple[str, str] | None = None  # what a dialog shows of which model
    deleted_model: str | None = None  # offered to be brought back, once
    seen_jobs: set[str] = field(default_factory=set)  # ended jobs that need no more telling

    def visit(self, room_id: str) -> None:
        """Remember a room that was wanted here, so that its address stays alive."""
        self.visited = [*(one for one in self.visited if one != room_id), room_id][-KEPT_ROOMS:]

    def open(self, path: str, **query: str) -> None:
        """Go to another screen in the next run."""
        self.screen = (path, query)


def state() -> TabState:
    """This tab's state."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = TabState()
    kept: TabState = st.session_state[_KEY]
    return kept
