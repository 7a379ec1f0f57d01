"""What the marks of a talk weigh; written by `python -m tests.rooms.limits.fit`, not by hand."""

from __future__ import annotations

ENGLISH: dict[str, float] = {
    "bias": 1.952,
    "word": 0.574,
    "second": 0.534,
    "telling": -1.348,
    "empty": 1.796,
    "long": -0.924,
    "short": -3.289,
    "asks": -2.607,
    "number": -2.081,
    "new": -1.794,
    "old": 1.856,
    "topic": 2.904,
    "matter": -0.869,
}
JAPANESE: dict[str, float] = {
    "bias": 1.806,
    "word": 0.461,
    "second": 0.376,
    "telling": -1.395,
    "empty": 2.16,
    "long": -14.007,
    "short": -0.768,
    "asks": -2.703,
    "number": -2.665,
    "new": -1.315,
    "old": 1.526,
    "topic": 1.655,
    "matter": -0.742,
}
