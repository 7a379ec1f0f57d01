"""The bridge from async routes to the sync core: a few threads of the API's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 16


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` in one of 16 threads.

    They are apart from the threads that serve the screens' files, so that requests which wait
    for a slow disk or server do not hold up a page.
    """
    return await run_sync(partial(work, *args, **kwargs), limiter=_limiter())


@lru_cache(maxsize=1)
def _limiter() -> anyio.CapacityLimiter:
    return anyio.CapacityLimiter(_THREADS)
