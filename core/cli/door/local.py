"""The door when no app runs: the command opens the data folder itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.api.bodies import (
    model_body,
    prompt_body,
    provider_body,
    room_body,
    summary_body,
    whole_model_body,
)
from core.api.forecast_bodies import forecast_body, training_body
from core.api.hardware_bodies import anomalies_body, event_body, series_body, snapshot_body
from core.api.job_bodies import job_body
from core.api.tuning_bodies import record_body, tuning_body
from core.api.turn_bodies import policy_body, queue_body
from core.cli.door.agents import LocalAgents
from core.cli.door.editing import LocalEditing
from core.cli.door.jobs import LocalJobs
from core.cli.door.library import LocalLibrary
from core.cli.door.protocols import Body
from core.cli.later import later_providers
from core.cli.mended import tell
from core.cli.tuned import TUNING_S, tuned_record
from core.hardware.forecast import Training
from core.rooms.frames import frame, message_body
from core.rooms.people.ears import Ears, heard
from core.rooms.policies import POLICIES
from core.runner.loading import KvType
from core.settings import Settings
from core.text import language
from core.tuning import Tuned
from core.workbench import Workbench

if TYPE_CHECKING:
    from core.rooms.log import Watch

ANSWER_S = 1_800.0


class LocalDoor:
    """See `protocols.Door`."""

    def __init__(self, settings: Settings) -> None:
        self._bench = Workbench.open(settings, providers=later_providers(settings), serving=False)
        tell(self._bench.store.report)
        self._rooms = self._bench.rooms
        self._asked: set[str] = set()

    def rooms(self, *, deleted: bool = False) -> list[Body]:
        return [summary_body(one, language()) for one in self._rooms.list(deleted=deleted)]

    def room(self, ref: str) -> Body:
        return room_body(self._rooms.get(ref))

    def create_room(self, name: str, members: Sequence[str], policy: str) -> Body:
        return room_body(self._rooms.create(name, members, policy))

    def change_room(self, ref: str, change: Mapping[str, Any]) -> Body:
        from core.api.rooms import update
        from core.api.schemas import RoomChange

        return room_body(update(self._bench, ref, RoomChange.model_validate(dict(change))))

    def give_turn(self, ref: str, agent: str) -> None:
        room_id = self._rooms.get(ref).id
        self._rooms.give_turn(room_id, agent)
        self._asked.add(room_id)

    def queue(self, ref: str) -> Body:
        return queue_body(self._rooms, ref, language())

    def preflight(self, ref: str) -> Body:
        self._bench.telemetry.settled()
        return asdict(self._bench.preflights.of(ref))

    def remedy(self, ref: str, kind: str) -> Body:
        return room_body(self._bench.preflights.apply(ref, kind))

    def policies(self) -> list[Body]:
        return [policy_body(one, language()) for one in POLICIES.values()]

    def delete_room(self, ref: str) -> None:
        self._rooms.delete(ref)

    def restore_room(self, ref: str) -> Body:
        return room_body(self._rooms.restore(ref))

    def messages(
        self, ref: str, *, limit: int, after: int | None = None, ears: Sequence[str] = ()
    ) -> list[Body]:
        found = self._rooms.messages(ref, limit=limit, after=after)
        told = heard(self._bench.store, ref, ears, found)
        return [message_body(message, language()) for message in told]

    def post(
        self, ref: str, content: str, *, sender: str | None, key: str | None, to: Sequence[str] = ()
    ) -> Body:
        name = sender or self._bench.preferences.get("user_name")
        name = name or self._bench.settings.rooms.user_name
        message = self._rooms.post(ref, content, sender=name, key=key, to=to)
        self._asked.add(message.room)
        return message_body(message, language())

    def frames(self, ref: str, after: int, ears: Sequence[str] = ()) -> LocalFrames:
        room_id = self._rooms.get(ref).id
        told = Ears(self._bench.store, room_id, ears) if ears else None
        return LocalFrames(self._rooms.watch(room_id, after=after), told)

    def quiet(self, ref: str) -> bool:
        return self._rooms.wait_idle(ref, 0)

    def prompt(self, ref: str, seq: int) -> Body:
        room_id = self._rooms.get(ref).id
        return prompt_body(room_id, seq, self._rooms.record.prompt(room_id, seq), language())

    def document(self, ref: str, ears: Sequence[str] = ()) -> Body:
        from core.rooms.transfer.writing import document

        return document(self._bench.store, ref, ears)

    def take_in(self, document: Mapping[str, Any], name: str | None) -> Body:
        return room_body(self._rooms.take_in(document, name))

    @property
    def editing(self) -> LocalEditing:
        return LocalEditing(self._rooms, self._asked.add)

    @property
    def agents(self) -> LocalAgents:
        return LocalAgents(self._bench.agents)

    @property
    def jobs(self) -> LocalJobs:
        return LocalJobs(self._bench.jobs)

    @property
    def library(self) -> LocalLibrary:
        return LocalLibrary(self._bench)

    def models(self) -> Body:
        registry = self._bench.registry
        return {
            "models": [model_body(model) for model in registry.models()],
            "providers": [provider_body(state, language()) for state in registry.states()],
        }

    def model(self, ref: str) -> Body:
        return whole_model_body(self._bench, ref)

    def forecast(self, ref: str, context: int | None, kv: KvType) -> Body:
        return forecast_body(self._bench.forecasts.of(ref, context, kv))

    def training_forecast(self, ref: str, wanted: Training) -> Body:
        return training_body(*self._bench.forecasts.training(ref, wanted))

    def machine(self) -> Body:
        return snapshot_body(self._bench.telemetry.settled())

    def machine_history(self, seconds: int, points: int) -> Body:
        return series_body(self._bench.telemetry.history(seconds, points))

    def machine_events(self, limit: int) -> list[Body]:
        return [event_body(event, language()) for event in self._bench.telemetry.events(limit)]

    def tuning(self) -> Body:
        return tuning_body(self._bench.tuning, language())

    def tune(self, model: str, options: Mapping[str, int], compare: bool) -> Body:
        tuning, tuned = self._bench.tuning, Tuned.read(options)
        if not compare:
            return record_body(tuning.apply(model, tuned))
        job = self._bench.jobs.wait(tuning.compare(model, tuned).id, TUNING_S)
        return tuned_record(self.tuning(), job_body(self._bench.jobs, job, language()))

    def undo_tuning(self, model: str) -> Body:
        return record_body(self._bench.tuning.undo(model))

    def anomalies(self) -> Body:
        return anomalies_body(self._bench.guard, self._bench.telemetry, language())

    def recover(self, action: str, subject: str) -> Body:
        return {"action": action, "what": self._bench.guard.act(action, subject)}

    def close(self) -> None:
        try:
            # The agents live in this process: leaving now would cut their answers off.
            for room in self._asked:
                self._rooms.wait_idle(room, ANSWER_S)
        finally:
            self._bench.close()


class LocalFrames:
    """See `protocols.Frames`."""

    def __init__(self, watch: Watch, ears: Ears | None) -> None:
        self._watch, self._ears = watch, ears
        self._past = list(watch.replay)

    def next(self, timeout_s: float) -> Body | None:
        event = self._past.pop(0) if self._past else self._watch.get(timeout_s)
        if event is not None and self._ears is not None:
            (event,) = self._ears.told([event])
        return None if event is None else frame(event, language())

    def close(self) -> None:
        self._watch.close()
