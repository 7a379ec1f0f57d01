"""Power cuts, replayed: the files as a disk may hold them when un-synced writes are lost.

`Recording` reads what the shim wrote down and rebuilds the folder as of any operation. Kept for
sure is what a sync covered: the content of that file, and its name. Later writes are dropped,
kept, or kept in part (in sectors), as the given random generator decides; names that changed
since the folder's last sync are lost from some point on. This is harsher than ext4 is.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = struct.Struct("<cIQQ")
_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Operation:
    """One recorded step: W write, T truncate, S sync, R rename, U unlink, A acknowledgement."""

    kind: str
    path: str
    at: int
    data: bytes


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    later: list[Operation] = field(default_factory=list)


class Recording:
    """All operations of one run, in order."""

    def __init__(self, file: Path) -> None:
        self.operations = list(_parse(file.read_bytes()))

    def acknowledged(self, cut: int) -> list[str]:
        """What had been acknowledged before the cut."""
        acks = [step.data for step in self.operations[:cut] if step.kind == "A"]
        return b"".join(acks).decode().split()

    def restore(self, cut: int, root: Path, target: Path, rng: random.Random) -> None:
        """Write into `target` what is left of `root` when the power goes before step `cut`."""
        disk = _Disk()
        for step in self.operations[:cut]:
            disk.apply(step)
        for name, content in disk.after_cut(rng).items():
            file = target / Path(name).relative_to(root)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


class _Disk:
    def __init__(self) -> None:
        self._now: dict[str, _File] = {}
        self._durable: dict[str, _File] = {}
        self._renames: list[tuple[str, str | None]] = []  # not yet synced; None: removed

    def apply(self, step: Operation) -> None:
        if step.kind in "WT":
            self._now.setdefault(step.path, _File()).later.append(step)
        elif step.kind == "S":
            self._sync(step.path)
        elif step.kind == "R":
            self._move(step.path, step.data.decode())
        elif step.kind == "U":
            self._move(step.path, None)

    def _sync(self, path: str) -> None:
        if (file := self._now.get(path)) is not None:
            for step in file.later:
                _perform(file.durable, step)
            file.later.clear()
            self._durable[path] = file
        else:  # a folder: its names are on the disk now
            waiting, self._renames = self._renames, []
            for old, new in waiting:
                _rename(self._durable, old, new)

    def _move(self, old: str, new: str | None) -> None:
        if old not in self._now:
            return  # there was nothing: a file that gets this name later stays
        _rename(self._now, old, new)
        self._renames.append((old, new))

    def after_cut(self, rng: random.Random) -> dict[str, bytes]:
        names = dict(self._durable)
        for old, new in self._renames[: rng.randint(0, len(self._renames))]:
            _rename(names, old, new)
        return {name: _remains(file, rng) for name, file in names.items()}


def _rename(names: dict[str, _File], old: str, new: str | None) -> None:
    file = names.pop(old, None)
    if file is not None and new is not None:
        names[new] = file


def _remains(file: _File, rng: random.Random) -> bytes:
    content = bytearray(file.durable)
    fate = rng.choice(("dropped", "first ones", "any", "torn"))
    kept = rng.randint(0, len(file.later)) if fate == "first ones" else len(file.later)
    for step in file.later[:kept] if fate != "dropped" else ():
        if fate == "first ones" or rng.random() < 0.5:
            _perform(content, _torn(step, rng) if fate == "torn" else step)
    return bytes(content)


def _torn(step: Operation, rng: random.Random) -> Operation:
    sectors = rng.randint(0, len(step.data) // _SECTOR)
    return Operation(step.kind, step.path, step.at, step.data[: sectors * _SECTOR])


def _perform(content: bytearray, step: Operation) -> None:
    if step.kind == "T":
        del content[step.at :]
        content.extend(bytes(step.at - len(content)))
        return
    content.extend(bytes(max(0, step.at - len(content))))
    content[step.at : step.at + len(step.data)] = step.data


def _parse(content: bytes) -> list[Operation]:
    found: list[Operation] = []
    at = 0
    while at + _HEAD.size <= len(content):
        kind, name, offset, size = _HEAD.unpack_from(content, at)
        at += _HEAD.size
        path = content[at : at + name].decode()
        data = content[at + name : at + name + size]
        found.append(Operation(kind.decode(), path, offset, data))
        at += name + size
    return found
