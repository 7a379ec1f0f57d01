"""The dialogs that somebody asked for in the last run."""

from __future__ import annotations

from core.rooms.model import Room
from pages.ui import dialogs, line_dialogs, prompt_dialog
from pages.ui.state import state


def show(room: Room) -> None:
    """Open the one that is wanted, once."""
    tab = state()
    settings, tab.settings_wanted = tab.settings_wanted, False
    deleting, tab.deleting = tab.deleting, None
    changing, tab.changing = tab.changing, None
    asked, tab.asking_prompt = tab.asking_prompt, None
    if settings:
        dialogs.settings(room)
    elif deleting is not None:
        dialogs.delete_line(*deleting)
    elif changing is not None:
        line_dialogs.show(*changing)
    elif asked is not None:
        prompt_dialog.show(*asked)
