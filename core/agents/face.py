"""A face and a colour for every name, drawn here: nothing is fetched from anywhere."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from core.agents.files import name_key

# Pairs (on light paper, on dark paper); each has a contrast of at least 4.5 to its ground.
COLOURS: tuple[tuple[str, str], ...] = (
    ("#2F5D8A", "#86AFD8"),
    ("#8A4B14", "#E0A36B"),
    ("#3B6B48", "#92BF9C"),
    ("#7D4470", "#C79ABD"),
    ("#6B5A12", "#D9BE72"),
    ("#8C3B3B", "#E29A94"),
    ("#2C6A6E", "#7FC1C4"),
    ("#5A5299", "#ACA5E6"),
)


def colour(name: str, *, dark: bool = False) -> str:
    """The person's colour everywhere, as #RRGGBB; it never changes."""
    return COLOURS[_digest(name)[0] % len(COLOURS)][1 if dark else 0]


@lru_cache(maxsize=512)
def face(name: str) -> str:
    """A calm geometric face as an SVG document of 64 × 64 units."""
    digest = _digest(name)
    light, pale = COLOURS[digest[0] % len(COLOURS)]
    eyes = 26 + digest[1] % 5
    gap = 8 + digest[2] % 4
    smile = 3 + digest[3] % 5
    hair = _HAIR[digest[4] % len(_HAIR)].format(colour=light)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
        f'<rect width="64" height="64" rx="14" fill="{pale}"/>'
        '<circle cx="32" cy="35" r="18" fill="#FCFBF8"/>'
        f"{hair}"
        f'<circle cx="{32 - gap}" cy="{eyes + 8}" r="2.2" fill="#2A2723"/>'
        f'<circle cx="{32 + gap}" cy="{eyes + 8}" r="2.2" fill="#2A2723"/>'
        f'<path d="M26 43 q6 {smile} 12 0" fill="none" stroke="#2A2723" stroke-width="2" '
        'stroke-linecap="round"/></svg>'
    )


_HAIR = (
    '<path d="M14 33 a18 18 0 0 1 36 0 q-8 -9 -18 -9 t-18 9z" fill="{colour}"/>',
    '<path d="M14 34 a18 18 0 0 1 36 0 q-4 -12 -22 -11 q-10 1 -14 11z" fill="{colour}"/>',
    '<path d="M14 46 v-12 a18 18 0 0 1 36 0 v12 q-4 -4 -4 -14 q-14 0 -20 -7 q-4 7 -8 8 '
    'q1 9 -4 13z" fill="{colour}"/>',
    '<path d="M16 30 a17 17 0 0 1 32 0 q-16 -7 -32 0z" fill="{colour}"/>'
    '<circle cx="32" cy="13" r="5" fill="{colour}"/>',
)


def _digest(name: str) -> bytes:
    # The salt gives the three bundled characters and "You" four colours that differ.
    return hashlib.sha256(f"10:{name_key(name)}".encode()).digest()
