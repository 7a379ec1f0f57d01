"""The tuning as JSON, for routes and commands alike."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core.tuning import Proposal, Tuning
from core.tuning.book import Record


def tuning_body(tuning: Tuning, lang: str) -> dict[str, Any]:
    return {
        "options": {ref: one.stored() for ref, one in tuning.book.options().items()},
        "proposals": [_proposal(one, lang) for one in tuning.proposals()],
        "records": [record_body(one) for one in tuning.book.records()],
    }


def record_body(record: Record) -> dict[str, Any]:
    return asdict(record)


def _proposal(proposal: Proposal, lang: str) -> dict[str, Any]:
    return {
        "model": proposal.model,
        "options": proposal.options.stored(),
        "compare": proposal.compare,
        "text": proposal.text(lang),
    }
