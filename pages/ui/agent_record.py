"""How an agent has done so far, for its own page: tones kept, errors met."""

from __future__ import annotations

from core.text import _
from pages.ui import heard, troubles
from pages.ui.agent_draft import Draft
from pages.ui.engine import workbench
from pages.ui.markdown import quiet


def record(draft: Draft) -> None:
    """Its tones as badges, then its last errors."""
    tones = workbench().rooms.record.tones(draft.opened) if draft.opened else []
    quiet(_("Its tone so far: kept of checked.") if tones else _("No tone was measured yet."))
    heard.record(tones)
    if draft.opened:
        troubles.errors(draft.opened)
