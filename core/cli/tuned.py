"""What became of a comparison, for a command that has waited for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.client.http import relayed
from core.text import _

TUNING_S = 3_600.0


def tuned_record(tuning: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    """The record that an ended job left.

    Raises:
        Relayed: it failed, was cancelled, or goes on for too long.
    """
    if job["state"] != "done":
        unknown = {"code": job["state"], "message": _("The comparison did not end."), "hint": ""}
        raise relayed(job["error"] or unknown)
    return next(one for one in tuning["records"] if one["model"] == job["subject"])
