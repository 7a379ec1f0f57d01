"""A user has asked for as much as was agreed."""

from __future__ import annotations

import math
from typing import Any

from core.errors.base import WorkbenchError
from core.text import N_


class OverQuota(WorkbenchError):
    """A quota of this user is used up. Params: limit, seconds (until it goes on)."""

    code = "over_quota"
    status = 429
    text = N_("The limit of {limit} is reached.")
    next_step = N_("It goes on in {seconds} s.")

    def __init__(self, *, limit: int, seconds: float, **params: Any) -> None:
        super().__init__(limit=limit, seconds=max(1, math.ceil(seconds)), **params)

    @property
    def retry_after_s(self) -> int:
        seconds: int = self.params["seconds"]
        return seconds


class RequestsUsedUp(OverQuota):
    """Params: limit (messages a minute), seconds."""

    code = "requests_used_up"
    text = N_("The limit of messages a minute ({limit}) is reached.")
    next_step = N_("It goes on in {seconds} s.")


class TokensUsedUp(OverQuota):
    """Params: limit (tokens a day), seconds, hours, minutes (until midnight UTC)."""

    code = "tokens_used_up"
    text = N_("The limit of tokens a day ({limit}) is reached.")
    next_step = N_("It goes on in {hours} h {minutes} min, at midnight UTC.")

    def __init__(self, *, limit: int, seconds: float) -> None:
        hours, minutes = divmod(math.ceil(seconds / 60), 60)
        super().__init__(limit=limit, seconds=seconds, hours=hours, minutes=minutes)
