"""How many tokens a text is for a model: counted by its own tokenizer, or estimated.

A model whose files lie here is counted exactly, with the tokenizer's file alone: no weights, no
torch. For all others the estimate learns from what their servers counted.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, runtime_checkable

from core.errors import WorkbenchError

# What a message costs beside its text: its role and the marks around it.
MESSAGE_TOKENS = 4

TOKENIZER_FILE = "tokenizer.json"
MAX_TOKENIZER_BYTES = 64 * 1024 * 1024
MOST_COUNTERS = 16
MOST_TEXTS = 8_192

# A server that reports only what its cache did not hold, or that counts something else, teaches
# nothing; neither does a prompt so short that the marks around it decide.
LEAST_RATIO, MOST_RATIO = 0.5, 3.0
LEAST_LESSON = 50
# The estimate changes seldom: a window that moved with every answer would help no server's cache.
NOTICED = 0.1
TRUST = 0.3


def estimate_tokens(text: str) -> int:
    """About how many tokens a text is: a quarter of its letters, one for each CJK sign."""
    wide = 0 if text.isascii() else sum(1 for letter in text if letter > "\u2e7f")
    return wide + -(-(len(text) - wide) // 4)


@runtime_checkable
class OnDisk(Protocol):
    """A provider whose models are folders of this machine."""

    def folder(self, ref: str) -> Path: ...


class TokenCounter:
    """Counts texts for one model; what it has counted it knows. Thread-safe.

    `exact` tells whether the model's own tokenizer counts; else it is an estimate.
    """

    def __init__(
        self, measure: Callable[[str], int] = estimate_tokens, *, exact: bool = False
    ) -> None:
        self.exact = exact
        self._measure = measure
        self._known: dict[tuple[int, int], int] = {}  # the oldest first; read without the lock
        self._lock = threading.Lock()
        self._heard: float | None = None
        self._ratio = 1.0

    def __call__(self, text: str) -> int:
        """The tokens of `text`, without the marks around a message."""
        return round(self._counted(text) * self._ratio)

    def learn(self, counted: int, measured: int) -> None:
        """The model's server counted `measured` tokens in a prompt that was `counted` here."""
        plain = counted / self._ratio
        if self.exact or plain < LEAST_LESSON:
            return
        ratio = measured / plain
        if not LEAST_RATIO <= ratio <= MOST_RATIO:
            return
        heard = self._heard
        self._heard = ratio if heard is None else heard + TRUST * (ratio - heard)
        if abs(self._heard / self._ratio - 1) > NOTICED:
            self._ratio = round(self._heard, 2)

    def _counted(self, text: str) -> int:
        key = (hash(text), len(text))  # the texts themselves would fill the memory
        known = self._known.get(key)
        if known is not None:
            return known
        count = self._measure(text)
        with self._lock:
            self._known[key] = count
            if len(self._known) > MOST_TEXTS:
                del self._known[next(iter(self._known))]
        return count


class TokenCounters:
    """The counters of the models asked last. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int], TokenCounter] = OrderedDict()

    def of(self, ref: str, provider: OnDisk | None) -> TokenCounter:
        """The counter of `ref`; the first call reads its tokenizer (0.1 to 1 s), if it has one."""
        file = _tokenizer_file(ref, provider)
        stamp = 0 if file is None else file.stat().st_mtime_ns  # a new model may lie there
        with self._lock:
            counter = self._kept.pop((ref, stamp), None) or _counter(file)
            self._kept[ref, stamp] = counter
            if len(self._kept) > MOST_COUNTERS:
                self._kept.popitem(last=False)
            return counter


def _tokenizer_file(ref: str, provider: OnDisk | None) -> Path | None:
    if provider is None:
        return None
    try:
        file = provider.folder(ref) / TOKENIZER_FILE
        return file if 0 < file.stat().st_size <= MAX_TOKENIZER_BYTES else None
    except (WorkbenchError, OSError):
        return None


def _counter(file: Path | None) -> TokenCounter:
    if file is None:
        return TokenCounter()
    from tokenizers import Tokenizer  # 20 ms and no torch, but only for those who need it

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # the library raises nothing more exact; the model itself will tell
        return TokenCounter()
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def measure(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    return TokenCounter(measure, exact=True)
