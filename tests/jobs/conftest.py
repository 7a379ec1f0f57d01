"""Jobs on a data folder of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.jobs import Jobs, Kind
from core.paths import DataPaths
from core.store import Store

OpenJobs = Callable[..., Jobs]


@pytest.fixture
def store(data_paths: DataPaths) -> Iterator[Store]:
    opened = Store.open(data_paths)
    yield opened
    opened.close()


@pytest.fixture
def open_jobs(store: Store, data_paths: DataPaths) -> Iterator[OpenJobs]:
    """Opens the jobs of the folder, as an app that starts does; ends them all afterwards."""
    opened: list[Jobs] = []

    def open_one(*kinds: Kind, begin: bool = True) -> Jobs:
        jobs = Jobs(store, data_paths.jobs)
        opened.append(jobs)
        jobs.register(*kinds)
        jobs.recover(begin=begin)
        return jobs

    yield open_one
    for jobs in opened:
        jobs.close()
