"""Whether a tone can be heard in a reply: the words and marks that each tone has."""

from __future__ import annotations

import re

from core.starter.wording_files import Language, load

_CONTRACTION = re.compile(
    r"\b(?:I'm|[a-z]+n't|(?:you|we|they)'re|[a-z]+'(?:ll|ve))\b", re.IGNORECASE
)


def tone_heard(reply: str, language: Language, tone: str) -> bool:
    """Tell whether a known tone's marks are in a reply; the neutral one has none."""
    patterns = load("checks")["tones"]
    if tone not in patterns:
        return True
    if language == "en" and tone == "polite" and _CONTRACTION.search(reply):
        return False
    return re.search(patterns[tone][language], reply, re.IGNORECASE) is not None
