"""What commands may ask of a door, whether the app answers it or this very process.

Everything that goes in and out is what CONTRACT.md names, as plain JSON values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from core.hardware.forecast import Training
from core.runner.loading import KvType

Body = dict[str, Any]


class Frames(Protocol):
    """A subscription to one room."""

    def next(self, timeout_s: float) -> Body | None:
        """The next frame; `None` when none came in time.

        Raises:
            AppNotRunning: the app behind it has ended.
        """

    def close(self) -> None: ...


class AgentsDoor(Protocol):
    """What commands can do with agents. Raises AgentNotFound, CardInvalid and so on, or relayed."""

    def list(self) -> Body:
        """{"agents": […], "problems": […], "deleted": […]}"""

    def search(self, text: str, limit: int) -> Body:
        """{"found": [{"agent", "score", "why"}], "problem"}, the best first."""

    def get(self, name: str) -> Body: ...

    def create(self, fields: Mapping[str, Any], *, numbered: bool = False) -> Body:
        """A new agent; with `numbered`, "Ren 2" when there is a Ren."""

    def take_in(self, content: bytes, filename: str) -> Body:
        """An agent of a file: Markdown or a card."""

    def export(self, name: str, format_: str) -> bytes: ...
    def duplicate(self, name: str, new_name: str | None) -> Body: ...
    def delete(self, name: str) -> None: ...

    def versions(self, name: str) -> Sequence[Body]: ...
    def diff(self, name: str, old: int, new: int | None) -> str: ...
    def restore(self, name: str, version: int) -> Body: ...


class JobsDoor(Protocol):
    """What commands can do with jobs. Raises JobNotFound, JobNotResumable, or the same relayed."""

    def list(self, limit: int) -> Sequence[Body]:
        """The newest first."""

    def get(self, job_id: str) -> Body: ...
    def cancel(self, job_id: str) -> Body: ...
    def resume(self, job_id: str) -> Body: ...
    def forget(self, job_id: str) -> None: ...

    def log(self, job_id: str) -> str:
        """The last lines that its process printed."""

    def follow(self, job_id: str) -> Iterator[Body]:
        """The job now, then each change, to its end."""


class LibraryDoor(Protocol):
    """What commands can do with models beside asking them. What takes its time is a job."""

    def pull(self, ref: str, revision: str | None) -> Body: ...
    def create(self, new: Mapping[str, Any]) -> Body: ...
    def load(self, ref: str, wanted: Mapping[str, Any]) -> Body:
        """`wanted` is what the route takes beside the model."""

    def switch(self, ref: str) -> Body: ...
    def unload(self, ref: str) -> None: ...

    def delete(self, ref: str) -> bool:
        """Whether it can be brought back."""

    def restore(self, ref: str) -> None: ...
    def plan(self, ref: str) -> Body: ...
    def ladder(self) -> Body: ...
    def reset_ladder(self, ref: str) -> None: ...


class EditingDoor(Protocol):
    """What commands can do with what was said, and with what a room may cost.

    Raises RoomNotFound, MessageNotFound, Conflict and so on, or the same relayed.
    """

    def edit(self, ref: str, seq: int, content: str) -> Body: ...
    def pin(self, ref: str, seq: int, pinned: bool) -> Body: ...
    def pins(self, ref: str) -> Sequence[Body]: ...
    def vote(self, ref: str, seq: int, value: int) -> Body: ...
    def variants(self, ref: str, seq: int) -> Sequence[Body]: ...
    def choose(self, ref: str, seq: int, number: int) -> Body: ...

    def regenerate(self, ref: str, seq: int, model: str | None) -> Body:
        """The message, pending again."""

    def go_on(self, ref: str, seq: int) -> Body:
        """The message, pending again."""

    def branch(self, ref: str, seq: int, name: str | None) -> Body: ...

    def budget(self, ref: str) -> Body:
        """{"limits", "spent"}"""

    def let_go_on(self, ref: str) -> Body: ...


class Door(Protocol):
    """What commands can do with rooms, agents and models.

    All methods raise WorkbenchErrors: RoomNotFound, NameTaken and so on, or the same relayed.
    """

    def rooms(self, *, deleted: bool = False) -> list[Body]: ...
    def room(self, ref: str) -> Body: ...
    def create_room(self, name: str, members: Sequence[str], policy: str) -> Body: ...
    def change_room(self, ref: str, change: Mapping[str, Any]) -> Body:
        """Change what PATCH /api/v1/rooms/{room} takes, `policy` and `policy_options` say."""

    def give_turn(self, ref: str, agent: str) -> None: ...
    def queue(self, ref: str) -> Body:
        """Who speaks, who is next and why; what the last rounds cost."""

    def preflight(self, ref: str) -> Body:
        """Whether the room's models fit, and what helps."""

    def remedy(self, ref: str, kind: str) -> Body: ...
    def policies(self) -> list[Body]: ...
    def delete_room(self, ref: str) -> None: ...
    def restore_room(self, ref: str) -> Body: ...
    def messages(
        self, ref: str, *, limit: int, after: int | None = None, ears: Sequence[str] = ()
    ) -> list[Body]: ...
    def post(
        self, ref: str, content: str, *, sender: str | None, key: str | None, to: Sequence[str] = ()
    ) -> Body: ...

    def frames(self, ref: str, after: int, ears: Sequence[str] = ()) -> Frames:
        """Each message with seq > `after` in its present state, then what happens.

        `ears`: only what these members of the room hear.
        """

    def quiet(self, ref: str) -> bool:
        """Whether nobody speaks in the room just now."""

    def prompt(self, ref: str, seq: int) -> Body: ...
    def document(self, ref: str, ears: Sequence[str] = ()) -> Body: ...
    def take_in(self, document: Mapping[str, Any], name: str | None) -> Body: ...

    @property
    def editing(self) -> EditingDoor: ...

    @property
    def agents(self) -> AgentsDoor: ...

    @property
    def jobs(self) -> JobsDoor: ...

    @property
    def library(self) -> LibraryDoor: ...

    def models(self) -> Body:
        """{"models": […], "providers": […]}"""

    def model(self, ref: str) -> Body: ...

    def forecast(self, ref: str, context: int | None, kv: KvType) -> Body:
        """What loading a model would take; see `GET /api/v1/models/forecast`."""

    def training_forecast(self, ref: str, wanted: Training) -> Body:
        """What training an adapter would take; see `GET /api/v1/models/forecast/training`."""

    def machine(self) -> Body:
        """The last reading of the machine."""

    def machine_history(self, seconds: int, points: int) -> Body: ...
    def machine_events(self, limit: int) -> list[Body]: ...
    def anomalies(self) -> Body: ...
    def tuning(self) -> Body: ...
    def tune(self, model: str, options: Mapping[str, int], compare: bool) -> Body:
        """The record of it; waits for a comparison."""

    def undo_tuning(self, model: str) -> Body: ...
    def recover(self, action: str, subject: str) -> Body: ...

    def close(self) -> None:
        """Let go; waits until what was asked here has been answered."""
