"""Names of agents and of their files: compared without case, never a path."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_NAME = 80
MAX_STEM = 48
# What Windows keeps for devices, whatever the ending.
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)
# Signs that turn the reading direction: a name must look like what it is.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_PLAIN_FILE = re.compile(r"[\w][\w .-]*\.[a-z0-9]{2,5}", re.IGNORECASE)


def name_key(name: str) -> str:
    """How names are compared: NFKC, case folded, outer blanks gone."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def good_name(name: str) -> bool:
    """Whether an agent may be called so: 1 to 80 signs that can be seen, no dot in front."""
    return (
        0 < len(name) <= MAX_NAME
        and bool(name_key(name))
        and not name.startswith(".")
        and not any(sign in _TURNING or unicodedata.category(sign) in _UNSEEN for sign in name)
    )


def stem_of(name: str) -> str:
    """The file name for an agent, without ending: safe on every system, equal for equal names.

    A name that does not survive as it is gets a digest behind it, so that two names never meet
    in one file.
    """
    key = name_key(name)
    stem = re.sub(r"[^\w]+", "-", key).strip("-_")[:MAX_STEM].rstrip("-_")
    if stem == key.replace(" ", "-") and stem not in RESERVED:
        return stem
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:8]
    return f"{stem}-{digest}" if stem and stem not in RESERVED else f"agent-{digest}"


def plain_file(name: str, endings: tuple[str, ...]) -> bool:
    """Whether `name` is a mere file name with one of these endings: no folder, nothing hidden."""
    stem = name.split(".")[0].strip().casefold()
    return (
        len(name) <= 160
        and _PLAIN_FILE.fullmatch(name) is not None
        and ".." not in name
        and stem not in RESERVED
        and name.casefold().endswith(endings)
    )


def hidden(file: str) -> bool:
    """Whether a file is another program's own (an editor's lock, a Mac's shadow file)."""
    return file.startswith((".", "~", "#"))
