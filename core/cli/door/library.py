"""The models behind a door, to be managed: here, or through a running app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.api.bodies import plan_body
from core.api.job_bodies import job_body
from core.api.ladder_bodies import ladder_body
from core.api.library_bodies import new_model
from core.cli.door.protocols import Body
from core.client.http import Http
from core.jobs import Job
from core.runner.loading import from_words
from core.text import language
from core.workbench import Workbench

_PATH = "/api/v1/models"


class LocalLibrary:
    """See `protocols.LibraryDoor`."""

    def __init__(self, bench: Workbench) -> None:
        self._bench, self._models = bench, bench.models

    def pull(self, ref: str, revision: str | None) -> Body:
        return self._job(self._models.pull(ref, revision))

    def create(self, new: Mapping[str, Any]) -> Body:
        return self._job(self._models.create(new_model(self._bench, new)))

    def load(self, ref: str, wanted: Mapping[str, Any]) -> Body:
        return self._job(self._models.load(ref, from_words(wanted)))

    def switch(self, ref: str) -> Body:
        return self._job(self._models.switch(ref))

    def unload(self, ref: str) -> None:
        self._models.unload(ref)

    def delete(self, ref: str) -> bool:
        return self._models.delete(ref)

    def restore(self, ref: str) -> None:
        self._models.restore(ref)

    def plan(self, ref: str) -> Body:
        return plan_body(self._models.plan(ref))

    def ladder(self) -> Body:
        return ladder_body(self._bench, language())

    def reset_ladder(self, ref: str) -> None:
        self._bench.ladder.reset(ref)

    def _job(self, job: Job) -> Body:
        return job_body(self._bench.jobs, job, language())


class RemoteLibrary:
    """See `protocols.LibraryDoor`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def pull(self, ref: str, revision: str | None) -> Body:
        return self._http.post(f"{_PATH}/pull", {"model": ref, "revision": revision})

    def create(self, new: Mapping[str, Any]) -> Body:
        return self._http.post(f"{_PATH}/create", new)

    def load(self, ref: str, wanted: Mapping[str, Any]) -> Body:
        return self._http.post(f"{_PATH}/load", {"model": ref, **wanted})

    def switch(self, ref: str) -> Body:
        return self._http.post(f"{_PATH}/switch", {"model": ref})

    def unload(self, ref: str) -> None:
        self._http.post(f"{_PATH}/unload", {"model": ref})

    def delete(self, ref: str) -> bool:
        return bool(self._http.post(f"{_PATH}/delete", {"model": ref})["restorable"])

    def restore(self, ref: str) -> None:
        self._http.post(f"{_PATH}/restore", {"model": ref})

    def plan(self, ref: str) -> Body:
        return self._http.get(f"{_PATH}/plan", model=ref)

    def ladder(self) -> Body:
        return self._http.get(f"{_PATH}/ladder")

    def reset_ladder(self, ref: str) -> None:
        self._http.post(f"{_PATH}/ladder/reset", {"model": ref})
