"""What a reader is told before the first chunk of an answer."""

from __future__ import annotations

from dataclasses import dataclass

from core.messages import Reason


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which model answers, told before its first chunk.

    `reason` is set when it is not the first of the chain (the code "fallback" with `wanted`,
    `used` and `cause`), not asked at all ("from_cache", "fallback_cached"), or asked for less
    than was wanted (a `Lessened`). `host` names the
    machine when the model runs elsewhere. `key`: where the answer cache may keep the answer.
    """

    ref: str
    reason: Reason | None = None
    host: str | None = None
    key: str | None = None
