"""What the C library keeps of memory that is free again, while a model is loaded."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Numbers of glibc's malloc.h, and what its thresholds come to by themselves at most (mallopt(3)).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGE_BYTES = 1 << 20
_MOST_BYTES = 32 << 20


@contextmanager
def given_back() -> Iterator[None]:
    """Give blocks of a megabyte or more back to the system as soon as they are free.

    By itself the library keeps blocks of up to 32 MB once some were freed, for later: while
    numbers are converted the holes grow to a quarter of a model. Afterwards it may keep them,
    which spares time where blocks grow word by word. Does nothing without glibc.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "mallopt"):
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)  # type: ignore[union-attr]
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _MOST_BYTES)  # type: ignore[union-attr]
        library.mallopt(_TRIM_THRESHOLD, 2 * _MOST_BYTES)  # type: ignore[union-attr]
