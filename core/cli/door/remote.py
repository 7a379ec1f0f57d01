"""The door to a running app: the same port that everybody else uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from core.cli.door.agents import RemoteAgents
from core.cli.door.editing_remote import RemoteEditing
from core.cli.door.jobs import RemoteJobs
from core.cli.door.library import RemoteLibrary
from core.cli.door.protocols import Body
from core.cli.tuned import tuned_record
from core.client.http import Http
from core.client.paths import read_model, room_path
from core.client.socket import Socket
from core.hardware.forecast import Training
from core.runner.loading import KvType


class RemoteDoor:
    """See `protocols.Door`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def rooms(self, *, deleted: bool = False) -> list[Body]:
        return list(self._http.get("/api/v1/rooms", deleted=str(deleted).lower())["rooms"])

    def room(self, ref: str) -> Body:
        return self._http.get(self._room(ref))

    def create_room(self, name: str, members: Sequence[str], policy: str) -> Body:
        new = {"name": name, "members": list(members), "policy": policy}
        return self._http.post("/api/v1/rooms", new)

    def change_room(self, ref: str, change: Mapping[str, Any]) -> Body:
        return self._http.patch(self._room(ref), dict(change))

    def give_turn(self, ref: str, agent: str) -> None:
        self._http.post(self._room(ref) + "/next", {"agent": agent})

    def queue(self, ref: str) -> Body:
        return self._http.get(self._room(ref) + "/queue")

    def preflight(self, ref: str) -> Body:
        return self._http.get(self._room(ref) + "/preflight")

    def remedy(self, ref: str, kind: str) -> Body:
        return self._http.post(self._room(ref) + "/preflight", {"remedy": kind})

    def policies(self) -> list[Body]:
        return list(self._http.get("/api/v1/policies")["policies"])

    def delete_room(self, ref: str) -> None:
        self._http.delete(self._room(ref))

    def restore_room(self, ref: str) -> Body:
        return self._http.post(self._room(ref) + "/restore")

    def messages(
        self, ref: str, *, limit: int, after: int | None = None, ears: Sequence[str] = ()
    ) -> list[Body]:
        given = {"room": ref, "limit": limit, "after": after, "as": list(ears)}
        return list(self._http.get("/api/messages", **given)["messages"])

    def post(
        self, ref: str, content: str, *, sender: str | None, key: str | None, to: Sequence[str] = ()
    ) -> Body:
        given: Body = {"room": ref, "content": content, "sender": sender, "idempotency_key": key}
        given["to"] = list(to) or None
        body = {name: value for name, value in given.items() if value is not None}
        return self._http.post("/api/message", body)

    def frames(self, ref: str, after: int, ears: Sequence[str] = ()) -> RemoteFrames:
        return RemoteFrames(Socket(self._http, ref, after=after, ears=ears))

    def quiet(self, ref: str) -> bool:
        now = self.queue(ref)
        if now["speaking"]:
            return False
        waits = self.room(ref)["halted"] is not None  # its round stays open
        return waits or not any(one["state"] == "open" for one in now["rounds"])

    def prompt(self, ref: str, seq: int) -> Body:
        return self._http.get(f"{self._room(ref)}/messages/{seq}/prompt")

    def document(self, ref: str, ears: Sequence[str] = ()) -> Body:
        return self._http.get(self._room(ref) + "/export", **{"as": list(ears)})

    def take_in(self, document: Mapping[str, Any], name: str | None) -> Body:
        return self._http.post("/api/v1/rooms/import", {"document": document, "name": name})

    @property
    def editing(self) -> RemoteEditing:
        return RemoteEditing(self._http)

    @property
    def agents(self) -> RemoteAgents:
        return RemoteAgents(self._http)

    @property
    def jobs(self) -> RemoteJobs:
        return RemoteJobs(self._http)

    @property
    def library(self) -> RemoteLibrary:
        return RemoteLibrary(self._http)

    def models(self) -> Body:
        return self._http.get("/api/v1/models")

    def model(self, ref: str) -> Body:
        return read_model(self._http, ref)

    def forecast(self, ref: str, context: int | None, kv: KvType) -> Body:
        return self._http.get("/api/v1/models/forecast", ref=ref, context=context, kv=kv)

    def training_forecast(self, ref: str, wanted: Training) -> Body:
        query = {**asdict(wanted), "targets": ",".join(wanted.targets)}
        return self._http.get("/api/v1/models/forecast/training", ref=ref, **query)

    def machine(self) -> Body:
        return self._http.get("/api/v1/hardware")

    def machine_history(self, seconds: int, points: int) -> Body:
        return self._http.get("/api/v1/hardware/history", seconds=seconds, points=points)

    def machine_events(self, limit: int) -> list[Body]:
        return list(self._http.get("/api/v1/hardware/events", limit=limit)["events"])

    def tuning(self) -> Body:
        return self._http.get("/api/v1/hardware/tuning")

    def tune(self, model: str, options: Mapping[str, int], compare: bool) -> Body:
        asked = {"model": model, "options": dict(options), "compare": compare}
        found = self._http.post("/api/v1/hardware/tuning", asked)
        if not compare:
            return Body(found["record"])
        (*_before, job) = self.jobs.follow(found["job"])
        return tuned_record(self.tuning(), job)

    def undo_tuning(self, model: str) -> Body:
        found = self._http.delete(f"/api/v1/hardware/tuning/{quote(model, safe='')}")
        return Body(found["record"])

    def anomalies(self) -> Body:
        return self._http.get("/api/v1/hardware/anomalies")

    def recover(self, action: str, subject: str) -> Body:
        asked = {"action": action, "subject": subject}
        return self._http.post("/api/v1/hardware/recover", asked)

    def _room(self, ref: str) -> str:
        return room_path(self._http, ref)

    def close(self) -> None:
        """Nothing to let go: every request was its own."""


class RemoteFrames:
    """See `protocols.Frames`."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    def next(self, timeout_s: float) -> Body | None:
        return self._socket.receive(timeout_s)

    def close(self) -> None:
        self._socket.close()
