"""Work in threads: begun, followed, cancelled, failed, taken up again."""

from __future__ import annotations

import threading

import pytest

from core.errors import DiskFull, JobNotFound, JobNotResumable
from core.jobs import JobState, ThreadKind, Work
from core.store import Store
from tests.jobs.conftest import OpenJobs

SOON_S = 20.0


def quick(work: Work) -> dict[str, int]:
    work.say("first", n=1)
    work.advance(5, 10)
    return {"n": 1}


def endless(work: Work) -> None:
    work.say("waiting")
    while True:
        work.cancel.wait(0.01)
        work.check()


def kind(run: object, **given: object) -> ThreadKind:
    texts = {"first": "the first of {n}", "waiting": "waiting"}
    return ThreadKind("work", "Do {subject}", texts, run=run, **given)  # type: ignore[arg-type]


def test_what_was_done_is_remembered(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(kind(quick))
    job = jobs.wait(jobs.start("work", "it").id, SOON_S)
    assert (job.state, job.result, job.error) == (JobState.DONE, {"n": 1}, None)
    assert (job.progress.share, job.progress.done_bytes, job.progress.total_bytes) == (0.5, 5, 10)
    assert jobs.kind("work").says(job, "en") == "the first of 1"
    assert jobs.kind("work").called(job, "en") == "Do it"
    again = open_jobs(kind(quick))
    assert again.get(job.id) == job
    assert again.list() == [job]
    assert again.active() == []


def test_each_change_is_seen_to_the_end(open_jobs: OpenJobs) -> None:
    go = threading.Event()

    def steps(work: Work) -> None:
        for n in range(3):
            assert go.wait(SOON_S)
            go.clear()
            work.share(n / 2)

    jobs = open_jobs(kind(steps))
    seen = []
    for job in jobs.follow(jobs.start("work", "it").id):
        seen.append(job.progress.share)
        go.set()
    assert seen[-1] == 1.0
    assert [share for share in (0.0, 0.5, 1.0) if share in seen] == [0.0, 0.5, 1.0]


def test_a_failure_keeps_its_code_and_can_be_taken_up_again(open_jobs: OpenJobs) -> None:
    attempts = []

    def fails_once(work: Work) -> None:
        attempts.append(sorted(file.name for file in work.folder.iterdir()))
        (work.folder / "half").touch()
        if len(attempts) == 1:
            raise DiskFull(folder="/data")

    jobs = open_jobs(kind(fails_once))
    job = jobs.wait(jobs.start("work", "it").id, SOON_S)
    assert job.state is JobState.FAILED
    assert job.error == DiskFull(folder="/data").reason()
    again = jobs.wait(jobs.resume(job.id).id, SOON_S)
    assert (again.state, again.error, again.attempt) == (JobState.DONE, None, 2)
    assert attempts == [[], ["half"]]
    with pytest.raises(JobNotResumable):
        jobs.resume(job.id)


def test_a_defect_is_told_without_its_text(open_jobs: OpenJobs) -> None:
    def broken(work: Work) -> None:
        raise ValueError("something private")

    jobs = open_jobs(kind(broken))
    job = jobs.wait(jobs.start("work", "it").id, SOON_S)
    assert job.error is not None
    assert (job.state, job.error.code) == (JobState.FAILED, "internal")
    assert "private" not in str(job)


def test_cancelling_ends_what_runs_and_what_waits(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(kind(endless, at_once=1))
    running, waiting = jobs.start("work", "a"), jobs.start("work", "b")
    assert [job.id for job in jobs.active()] == [running.id, waiting.id]
    assert jobs.cancel(waiting.id).state is JobState.CANCELLED
    jobs.cancel(running.id)
    assert jobs.wait(running.id, SOON_S).state is JobState.CANCELLED
    assert jobs.get(waiting.id).started_at is None


def test_one_lane_does_so_many_at_once(open_jobs: OpenJobs) -> None:
    lock, counts, now = threading.Lock(), [], [0]

    def counted(work: Work) -> None:
        with lock:
            now[0] += 1
            counts.append(now[0])
        work.cancel.wait(0.02)
        with lock:
            now[0] -= 1

    jobs = open_jobs(kind(counted, at_once=2))
    started = [jobs.start("work", str(n)).id for n in range(6)]
    assert {jobs.wait(one, SOON_S).state for one in started} == {JobState.DONE}
    assert max(counts) == 2


def test_the_same_work_is_not_begun_twice(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(kind(endless))
    first = jobs.start("work", "it", {"n": 1})
    assert jobs.start("work", "it", {"n": 2}).id == first.id
    jobs.cancel(first.id)
    jobs.wait(first.id, SOON_S)
    assert jobs.start("work", "it", {"n": 2}).id != first.id
    for job in jobs.active():
        jobs.cancel(job.id)
        jobs.wait(job.id, SOON_S)
    assert jobs.start("work", "it", {"n": 2}).attempt == 2


def test_what_ran_when_the_app_ended_is_interrupted(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(kind(endless))
    job = jobs.start("work", "it")
    next(one for one in jobs.follow(job.id) if one.progress.words)
    jobs.close()
    assert jobs.get(job.id).state is JobState.INTERRUPTED
    again = open_jobs(kind(quick))
    assert again.get(job.id).error is not None
    assert again.wait(again.resume(job.id).id, SOON_S).state is JobState.DONE


def test_what_a_kill_left_running_is_interrupted(open_jobs: OpenJobs, store: Store) -> None:
    jobs = open_jobs(kind(endless))
    job = jobs.start("work", "it")
    next(one for one in jobs.follow(job.id) if one.progress.words)
    later = open_jobs(kind(quick))  # the first one never had a chance to say goodbye
    assert later.get(job.id).state is JobState.INTERRUPTED


def test_forgetting_removes_what_was_begun(open_jobs: OpenJobs) -> None:
    jobs = open_jobs(kind(endless))
    job = jobs.start("work", "it")
    with pytest.raises(JobNotResumable):
        jobs.forget(job.id)
    next(one for one in jobs.follow(job.id) if one.progress.words)
    jobs.cancel(job.id)
    jobs.wait(job.id, SOON_S)
    assert jobs.log_file(job.id).parent.exists()
    jobs.forget(job.id)
    assert not jobs.log_file(job.id).parent.exists()
    with pytest.raises(JobNotFound):
        jobs.get(job.id)
