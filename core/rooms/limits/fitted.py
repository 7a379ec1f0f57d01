"""What the marks of a talk weigh; written by `python -m tests.rooms.limits.fit`, not by hand."""

from __future__ import annotations

ENGLISH: dict[str, float] = {
    "bias": 2.28,
    "courtesy": -5.017,
    "me": -0.505,
    "you": 2.743,
    "where": 0.6,
    "third": -14.569,
    "asks": -8.265,
    "number": -2.424,
    "new": -4.286,
    "rich": -6.897,
    "none_new": 1.737,
    "plain": -5.375,
    "old": 3.098,
    "alike": 0.621,
}
JAPANESE: dict[str, float] = {
    "bias": -1.277,
    "courtesy": 1.215,
    "you": -0.151,
    "me": 0.0,
    "where": 0.0,
    "third": 0.0,
    "asks": -4.832,
    "number": -0.321,
    "new": -2.601,
    "rich": -2.826,
    "none_new": 2.791,
    "plain": -8.532,
    "old": 3.044,
    "alike": 0.082,
}
