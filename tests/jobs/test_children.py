"""Work in processes of their own (FAULTS.md 9): reported, cancelled, killed, watched again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.jobs import Job, Jobs, JobState
from core.jobs.report import process_of
from core.paths import PROJECT, DataPaths
from testing.counting_child import counting
from testing.patience import within
from tests.jobs.conftest import OpenJobs

SOON_S = within(30)
SLOW = counting(0.05)


def begun(jobs: Jobs, job: Job) -> psutil.Process:
    """The job's process, once it has counted a little."""
    for now in jobs.follow(job.id):
        if (now.progress.share or 0) > 0:
            break
    found = process_of(jobs.log_file(job.id).parent)
    assert found is not None
    return found


def test_a_process_reports_and_ends(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(counting())
    shares = [job.progress.share for job in jobs.follow(jobs.start("count", "20").id)]
    job = jobs.list()[0]
    assert (job.state, job.result) == (JobState.DONE, {"counted": 20, "began": 0})
    assert shares[-1] == 1.0
    assert jobs.kind("count").says(job, "en") == "counting: 20"
    assert jobs.log_file(job.id).read_text() == "counting\n"


@pytest.mark.parametrize(
    ("last", "code", "said"), [("0", "disk_full", "/somewhere"), ("-1", "job_died", "nothing to")]
)
def test_a_failure_says_why(open_jobs: OpenJobs, last: str, code: str, said: str) -> None:
    jobs = open_jobs(counting())
    job = jobs.wait(jobs.start("count", last).id, SOON_S)
    assert job.error is not None
    assert (job.state, job.error.code) == (JobState.FAILED, code)
    assert said in str(job.error.params)


def test_cancelling_kills_it_and_keeps_what_it_had(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(SLOW)
    job = jobs.start("count", "100")
    process = begun(jobs, job)
    jobs.cancel(job.id)
    assert jobs.wait(job.id, SOON_S).state is JobState.CANCELLED
    assert not process.is_running()
    counted = int((jobs.log_file(job.id).parent / "count").read_text())
    again = open_jobs(counting(0.001))
    ended = again.wait(again.resume(job.id).id, SOON_S)
    assert ended.result == {"counted": 100, "began": counted}


def test_killed_from_outside_it_failed_and_resumes(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(SLOW)
    job = jobs.start("count", "100")
    begun(jobs, job).kill()
    assert jobs.wait(job.id, SOON_S).error is not None
    again = open_jobs(counting(0.001))
    assert again.wait(again.resume(job.id).id, SOON_S).state is JobState.DONE


def test_closing_ends_it_unless_it_may_go_on(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(SLOW)
    job = jobs.start("count", "400")
    process = begun(jobs, job)
    jobs.close(end_children=False)
    assert process.is_running()
    again = open_jobs(SLOW)
    assert again.get(job.id).state is JobState.QUEUED or again.get(job.id).state is JobState.RUNNING
    begun(again, job)
    again.close()
    process.wait(SOON_S)  # killed; as this process's own child it may linger as a zombie
    assert again.get(job.id).state is JobState.INTERRUPTED


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A job's id and process; the app that began it was killed without a word."""
    data = DataPaths(tmp_path / "data")
    command = [sys.executable, "-m", "testing.counting_child", "app", str(data.root), "120", "0.05"]
    app = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT)
    assert app.stdout is not None
    job_id = app.stdout.readline().strip()
    until = time.monotonic() + SOON_S
    while not (data.jobs / job_id / "count").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process = process_of(data.jobs / job_id)
    assert process is not None
    os.kill(app.pid, signal.SIGKILL)
    app.communicate()
    yield job_id, process
    if process.is_running():
        process.kill()


def test_it_goes_on_when_the_app_is_killed(
    killed: tuple[str, psutil.Process], open_jobs: OpenJobs
) -> None:
    job_id, process = killed
    jobs = open_jobs(SLOW)
    assert process.is_running()
    job = jobs.wait(job_id, SOON_S)
    assert (job.state, job.result) == (JobState.DONE, {"counted": 120, "began": 0})
    assert job.attempt == 1


def test_killed_with_the_app_it_is_interrupted_and_resumes(
    killed: tuple[str, psutil.Process], open_jobs: OpenJobs
) -> None:
    job_id, process = killed
    process.kill()
    process.wait(SOON_S)
    began = time.monotonic()
    jobs = open_jobs(counting(0.001))
    assert jobs.get(job_id).state is JobState.INTERRUPTED
    assert time.monotonic() - began < 10
    job = jobs.wait(jobs.resume(job_id).id, SOON_S)
    assert job.result is not None
    assert job.result["counted"] == 120
    assert job.result["began"] > 0


def test_one_that_ended_while_nobody_looked_is_done(
    killed: tuple[str, psutil.Process], open_jobs: OpenJobs
) -> None:
    job_id, process = killed
    process.wait(SOON_S)
    assert open_jobs(SLOW).wait(job_id, SOON_S).state is JobState.DONE


def test_another_process_with_the_same_number_is_not_taken_for_it(
    killed: tuple[str, psutil.Process], open_jobs: OpenJobs, data_paths: DataPaths
) -> None:
    job_id, process = killed
    process.kill()
    process.wait(SOON_S)
    note = data_paths.jobs / job_id / "process.json"
    note.write_text(f'{{"pid": {os.getpid()}, "started": 1.0}}')
    assert open_jobs(SLOW).get(job_id).state is JobState.INTERRUPTED
