"""Who is called: by @name, or by name alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.messages import Reason
from core.rooms.policies.base import Choice, View
from core.rooms.rules import name_key
from core.rooms.said.mentions import mentioned


def called(view: View) -> list[Choice] | None:
    """The turns of those whom people called with @; `None` when a message calls nobody.

    Empty when only agents of other programs are called that answer by themselves. Who is away
    is chosen, too, so that the room shows why no answer comes.
    """
    named: list[str] = []
    for text in view.asked:
        found = mentioned(text, [*view.members, *view.outside, *view.away])
        if not found:
            return None
        named.extend(name for name in found if name not in named)
    chosen = [name for name in named if name in view.members or name in view.away]
    return [Choice(name, Reason("called")) for name in chosen]


def answered_call(view: View) -> list[Choice]:
    """The turns of members whom the last speaker of this round called with @."""
    last = view.taken[-1]
    found = [name for name in mentioned(last.text, view.members) if name != last.agent]
    return [Choice(name, Reason("called_by", {"by": last.agent})) for name in found]


def heard_names(text: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that are spoken in `text`, with or without @, in order of speaking.

    Names of Latin letters stand as words of their own ("Ren" is not in "children"); others may
    stand anywhere, since Japanese has no blanks. The longest name at a place wins.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    keys = {name_key(name): name for name in names}
    longest = sorted(keys, key=len, reverse=True)
    if not longest:
        return []
    pattern = "|".join(_as_word(key) for key in longest)
    found = (keys[match.group()] for match in re.finditer(pattern, folded))
    return list(dict.fromkeys(found))


def _as_word(key: str) -> str:
    before = r"(?<![a-z0-9_])" if re.match(r"[a-z0-9]", key) else ""
    after = r"(?![a-z0-9_])" if re.search(r"[a-z0-9]$", key) else ""
    return before + re.escape(key) + after
