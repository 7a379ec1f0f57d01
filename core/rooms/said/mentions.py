"""Who is meant by @name.

The longest member name that matches wins (NFKC, case folded); no delimiter is needed after
it, so that 「@瑞穂さん」 works, and several members may be named in one message.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from core.rooms.rules import name_key


def mentioned(text: str, names: Sequence[str]) -> list[str]:
    """Those of `names` that `text` calls with @, in the order in which they are called."""
    keys = sorted(((name_key(name), name) for name in names), key=lambda pair: -len(pair[0]))
    folded = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = []
    position = folded.find("@")
    while position != -1:
        called = _called(folded[position + 1 :], keys)
        if called is not None and called not in found:
            found.append(called)
        position = folded.find("@", position + 1)
    return found


def _called(rest: str, keys: Iterable[tuple[str, str]]) -> str | None:
    return next((name for key, name in keys if rest.startswith(key)), None)
