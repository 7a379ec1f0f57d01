"""Pulling a model to the Ollama server, as a job: the server keeps what arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from core.errors import ProviderError, ServerAway, TransferBroken
from core.jobs import ThreadKind, Work
from core.jobs.kinds import Result
from core.providers.base import name_of
from core.providers.watch import Cancelled
from core.text import N_

if TYPE_CHECKING:
    from core.providers.ollama.library import OllamaLibrary, Step

KIND = "pull"
ATTEMPTS = 4
PAUSE_S = 2.0
TEXTS = {
    "asking": N_("asking the library"),
    "fetching": N_("downloading"),
    "checking": N_("checking what arrived"),
    "again": N_("the server went away; trying again in {seconds} s"),
}
_CHECKING = ("verifying", "writing", "removing", "success")


def pull_kind(library: Callable[[], OllamaLibrary], changed: Callable[[], None]) -> ThreadKind:
    """The kind of work; `changed()` is called when there is a new model."""

    def run(work: Work) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                _pull(work, library())
                break
            except (TransferBroken, ServerAway):
                # A restarted server goes on where it was.
                if attempt == ATTEMPTS:
                    raise
                _wait(work, PAUSE_S * attempt)
        changed()
        return {"model": work.job.subject}

    title = N_("Download of {subject}")
    return ThreadKind(KIND, title, TEXTS, lane="download", at_once=2, run=run)


def _pull(work: Work, library: OllamaLibrary) -> None:
    ref = work.job.subject
    work.say("asking")
    layers = Layers()
    try:
        for step in library.pull(ref, name_of(ref), work.cancel.is_set):
            work.check()
            layers.show(work, step)
    except Cancelled:
        work.check()
        raise ProviderError(model=ref, detail="it was closed") from None


def _wait(work: Work, seconds: float) -> None:
    work.say("again", seconds=round(seconds))
    work.cancel.wait(seconds)
    work.check()


class Layers:
    """Sums up the layers of a download: each line tells of one only."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}
        self._said = ""

    def show(self, work: Work, step: Step) -> None:
        code = "checking" if step.status.startswith(_CHECKING) else "fetching"
        if step.digest is None or not step.total_bytes:
            if code == "checking" and self._said != code:
                self._say(work, code)
            return
        if self._said != "fetching":
            self._say(work, "fetching")
        self._layers[step.digest] = (step.done_bytes or 0, step.total_bytes)
        work.advance(_sum(one[0] for one in self._layers.values()), self._total)

    @property
    def _total(self) -> int:
        return _sum(one[1] for one in self._layers.values())

    def _say(self, work: Work, code: str) -> None:
        self._said = code
        work.say(code)
        if code == "checking" and self._layers:
            work.advance(self._total, self._total)


def _sum(numbers: Iterable[int]) -> int:
    return sum(numbers)
