"""Before a room speaks: what its models and the encoder take, and what helps when it does not fit.

Each model is forecast at the context that the room asks for, shared by all members that use it;
the one that picks who speaks, where the room's policy has one of its own, is counted, too.
Models of this app that are in memory count as free: they can be given up. What is not promised:
other programs may take memory a moment later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from core.errors import InvalidInput, WorkbenchError
from core.hardware.forecast import Forecast
from core.hardware.forecast.forecast import Place
from core.hardware.forecast.room import room_of
from core.hardware.snapshot import Snapshot
from core.providers.base import CHAT
from core.providers.managed import Managed
from core.providers.registry import Registry
from core.rooms.model import Room
from core.rooms.policies import picker_of
from core.rooms.service import Rooms
from core.text import N_, words

Verdict = Literal["fits", "swaps", "does_not_fit", "unknown"]
RemedyKind = Literal["context", "model", "share"]
SHORTEST_CONTEXT = 1024
STEP = 256


class ForecastOf(Protocol):
    """See `core.hardware.forecast.Forecasts.of`."""

    def __call__(self, ref: str, context_tokens: int | None = None, /) -> Forecast: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in memory. `members` use it; `None` bytes are unknown.

    A "picker" is a model that speaks for nobody: it is asked who comes next.
    """

    kind: Literal["model", "picker", "encoder"]
    ref: str
    members: tuple[str, ...]
    place: Place
    weights_bytes: int | None = None
    kv_bytes: int | None = None
    total_bytes: int | None = None
    fits: bool | None = None


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps: a shorter context, a smaller model for some, or one model for all.

    `picker`: it counts for the model that picks who speaks, too.
    """

    kind: RemedyKind
    members: tuple[str, ...]
    picker: bool = False
    context_tokens: int | None = None
    model: str | None = None
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Preflight:
    """`swaps`: each model fits, but not all together. `available_bytes` by place."""

    room: str
    verdict: Verdict
    context_tokens: int
    parts: tuple[Part, ...]
    available_bytes: dict[str, int | None]
    remedies: tuple[Remedy, ...]


class Preflights:
    """Examines rooms, and applies remedies. Thread-safe."""

    def __init__(
        self,
        rooms: Rooms,
        registry: Registry,
        forecast: ForecastOf,
        snapshot: Callable[[], Snapshot],
        encoder: Callable[[], tuple[str, int | None]],
        context_tokens: int,
    ) -> None:
        """`encoder()` gives the encoder's name and the bytes that it takes."""
        self._rooms, self._registry, self._forecast = rooms, registry, forecast
        self._snapshot, self._encoder, self._context_tokens = snapshot, encoder, context_tokens

    def of(self, ref: str) -> Preflight:
        """What the room would take now.

        Raises:
            RoomNotFound: there is no such room.
        """
        room = self._rooms.get(ref)
        tokens = room.context_tokens or self._context_tokens
        free = _available(self._snapshot())
        parts = [*self._models(room, tokens, free), self._encoder_part(free)]
        verdict = _verdict(parts, free)
        wanted = verdict in ("swaps", "does_not_fit")
        remedies = tuple(self._remedies(room, parts, tokens, free)) if wanted else ()
        return Preflight(
            room.id,
            verdict,
            tokens,
            tuple(parts),
            {str(place): size for place, size in free.items()},
            remedies,
        )

    def apply(self, ref: str, kind: str) -> Room:
        """Do what the remedy of this kind says.

        Raises:
            RoomNotFound.
            InvalidInput: this remedy is not offered for the room now.
        """
        found = self.of(ref)
        remedy = next((one for one in found.remedies if one.kind == kind), None)
        if remedy is None:
            offered = ", ".join(one.kind for one in found.remedies) or "-"
            known = words(N_("one of {names}"), names=offered)
            raise InvalidInput(field="remedy", expected=known, found=kind[:40])
        if remedy.context_tokens is not None:
            room = self._rooms.set_context(found.room, remedy.context_tokens)
            self._unload([part.ref for part in found.parts if part.kind != "encoder"])
            return room
        for member in remedy.members:
            self._rooms.set_model(found.room, member, remedy.model)
        room = self._rooms.get(found.room)
        if remedy.picker and (picker := picker_of(room.policy, room.policy_options)):
            option, _ref = picker
            self._rooms.set_policy(found.room, options={option: remedy.model})
        return self._rooms.get(found.room)

    # --- inside -----------------------------------------------------------------------------

    def _unload(self, refs: Iterable[str]) -> None:
        """A model keeps the context that it was loaded with until it is loaded anew."""
        for ref in refs:
            with suppress(WorkbenchError):
                provider = self._registry.provider(ref)
                if isinstance(provider, Managed):
                    provider.unload(ref)

    def _models(self, room: Room, tokens: int, free: dict[Place, int | None]) -> list[Part]:
        members: dict[str, list[str]] = {}
        for name in room.agents:
            members.setdefault(self._rooms.model_of(room, name), []).append(name)
        parts = [self._part(ref, tuple(names), tokens, free) for ref, names in members.items()]
        picker = picker_of(room.policy, room.policy_options)
        if picker is not None and picker[1] not in members:
            parts.append(self._part(picker[1], (), tokens, free, "picker"))
        return parts

    def _part(
        self,
        ref: str,
        members: tuple[str, ...],
        tokens: int,
        free: dict[Place, int | None],
        kind: Literal["model", "picker"] = "model",
    ) -> Part:
        found = self._asked(ref, tokens)
        if found is None or not found.local:
            return Part(kind, ref, members, "host", fits=None if found is None else True)
        room = free[found.place]
        return Part(
            kind,
            ref,
            members,
            found.place,
            found.weights_bytes,
            found.kv_bytes,
            found.total_bytes,
            None if room is None else found.total_bytes <= room,
        )

    def _asked(self, ref: str, tokens: int) -> Forecast | None:
        try:
            return self._forecast(ref, tokens)
        except WorkbenchError:
            return None

    def _encoder_part(self, free: dict[Place, int | None]) -> Part:
        name, size = self._encoder()
        room = free["host"]
        fits = None if size is None or room is None else size <= room
        return Part("encoder", name, (), "host", size, None, size, fits)

    def _remedies(
        self, room: Room, parts: Sequence[Part], tokens: int, free: dict[Place, int | None]
    ) -> Iterable[Remedy]:
        models = [part for part in parts if part.kind != "encoder"]
        picks = picker_of(room.policy, room.policy_options)
        shorter = self._shorter(models, tokens, free)
        if shorter is not None:
            yield Remedy("context", room.agents, picks is not None, context_tokens=shorter)
        large = [part for part in models if part.fits is False]
        smaller = self._smaller(large, tokens, free)
        if smaller is not None:
            members = tuple(name for part in large for name in part.members)
            too = picks is not None and any(part.ref == picks[1] for part in large)
            yield Remedy("model", members, too, model=smaller.ref, total_bytes=smaller.total_bytes)
        shared = [part for part in models if part.fits and part.total_bytes is not None]
        if len(models) > 1 and shared:
            best = max(shared, key=lambda part: part.total_bytes or 0)
            everybody, size = room.agents, best.total_bytes
            yield Remedy("share", everybody, picks is not None, model=best.ref, total_bytes=size)

    def _shorter(
        self, models: Sequence[Part], tokens: int, free: dict[Place, int | None]
    ) -> int | None:
        """The longest shorter context at which all fit together, if there is one."""
        refs = [part.ref for part in models if part.total_bytes is not None]

        def fits(context: int) -> bool:
            found = [self._asked(ref, context) for ref in refs]
            needed: dict[Place, int] = {}
            for one in found:
                if one is not None and one.local:
                    needed[one.place] = needed.get(one.place, 0) + one.total_bytes
            return all(_covers(free[place], size) for place, size in needed.items())

        low, high = SHORTEST_CONTEXT // STEP, (tokens - 1) // STEP
        if high < low or not fits(low * STEP):
            return None
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(middle * STEP) else (low, middle - 1)
        return low * STEP

    def _smaller(
        self, large: Sequence[Part], tokens: int, free: dict[Place, int | None]
    ) -> Part | None:
        """The largest installed model that fits in place of those that do not."""
        if not large:
            return None
        there = self._registry.models()
        refs = [one.ref for one in there if CHAT in one.capabilities and one.local]
        found = [self._part(ref, (), tokens, free) for ref in refs]
        fitting = [part for part in found if part.fits and part.total_bytes is not None]
        return max(fitting, key=lambda part: part.total_bytes or 0, default=None)


def _available(now: Snapshot) -> dict[Place, int | None]:
    """What each place can give when the models of this app that are there are given up."""
    vram = sum(model.vram_bytes or 0 for model in now.models)
    host = sum(model.memory_bytes or 0 for model in now.models)
    card, machine = room_of(now, "gpu"), room_of(now, "host")
    return {
        "gpu": None if card.free_bytes is None else card.free_bytes + vram,
        "host": None if machine.free_bytes is None else machine.free_bytes + host,
    }


def _verdict(parts: Sequence[Part], free: dict[Place, int | None]) -> Verdict:
    if any(part.fits is False for part in parts):
        return "does_not_fit"
    needed: dict[Place, int] = {}
    for part in parts:
        needed[part.place] = needed.get(part.place, 0) + (part.total_bytes or 0)
    if not all(_covers(free[place], size) for place, size in needed.items()):
        return "swaps"
    unknown = any(part.fits is None for part in parts if part.kind != "encoder")
    return "unknown" if unknown else "fits"


def _covers(room: int | None, needed: int) -> bool:
    return room is None or needed <= room
