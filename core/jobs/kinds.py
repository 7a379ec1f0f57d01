"""What a part registers: how a kind of work is done, and the sentences it says meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.jobs.job import Job
from core.jobs.work import Work
from core.text import translate

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work.

    `title` is a sentence with `{subject}`. `texts` maps each code that its progress names to an
    English source for the catalogues. Jobs of one `lane` wait for each other once `at_once` of
    them run. `page` is the screen that a link leads to. `keeps_folder`: what lies in the job's
    folder is wanted after it is done, too.
    """

    name: str
    title: str
    texts: Mapping[str, str] = field(default_factory=dict)
    lane: str = "thread"
    at_once: int = 4
    page: str = "models"
    single: bool = True
    keeps_folder: bool = False

    def says(self, job: Job, lang: str) -> str:
        """What is being done just now; "" when there is nothing to say."""
        words = job.progress.words
        if words is None:
            return ""
        return translate(self.texts.get(words.code, words.code), lang, words.params)

    def called(self, job: Job, lang: str) -> str:
        return translate(self.title, lang, {"subject": job.subject})


@dataclass(frozen=True, slots=True)
class ThreadKind(Kind):
    """Done by a function in a thread of the app: a download, a switch.

    `run` is called anew when the job is taken up again, with the same parameters and folder. It
    looks at `work.check()` often, and must not leave half of anything behind when that raises.
    """

    run: Callable[[Work], Result | None] = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class ChildKind(Kind):
    """Done by a process of its own, which goes on when the app is killed: a training.

    `command(job, folder)` gives its command line. The program reports through
    `core.jobs.report.Report(folder)`. Cancelling ends it, by force after `grace_s` seconds.
    """

    command: Callable[[Job, Path], Sequence[str]] = field(kw_only=True)
    grace_s: float = 2.0
    lane: str = "child"
    at_once: int = 1
    keeps_folder: bool = True
