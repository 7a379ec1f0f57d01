"""The part of the scripted Ollama that changes its models: pull, create, copy, delete, blobs.

`server.pulls["big"] = Pull(size, chunks, pause_s)` is a model of the library; a pull that broke
off goes on where it was. `server.version` can be another one, `server.sent` holds what was asked
of `create`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from testing.scripted_http import Body, End, Head, Pause, Request, Reset, ScriptedHttp, Step, whole

DIMENSIONS = {
    "general.architecture": "llama",
    "llama.block_count": 16,
    "llama.embedding_length": 2048,
    "llama.attention.head_count": 32,
    "llama.attention.head_count_kv": 8,
}


@dataclass
class Pull:
    """A model that can be pulled. `done`: chunks that arrived. `break_at`: reset there, once."""

    size: int = 8_000_000
    chunks: int = 8
    pause_s: float = 0.0
    done: int = 0
    break_at: int | None = None
    error: str | None = None


class ScriptedLibrary(ScriptedHttp):
    """See above; `ScriptedOllama` is one."""

    models: dict[str, Any]
    loaded: dict[str, int]

    def library(self) -> None:
        """Forget every script of these routes."""
        self.pulls: dict[str, Pull] = {}
        self.blobs: dict[str, bytes] = {}
        self.sent: list[dict[str, Any]] = []
        self.on("/api/pull", self._pull)
        self.on("/api/create", self._create)
        self.on("/api/copy", self._copy)
        self.on("/api/delete", self._delete)

    def script_for(self, request: Request) -> Any:
        if request.path.startswith("/api/blobs/") and request.path not in self._routes:
            return self._blob
        return super().script_for(request)

    def _pull(self, request: Request) -> Iterator[Step]:
        name = str(request.json["model"]).removesuffix(":latest")
        wanted = self.pulls.get(name)
        yield Head()
        yield _said(status="pulling manifest")
        if wanted is None:
            yield _said(error="pull model manifest: file does not exist")
            yield End()
            return
        digest = "sha256:" + hashlib.sha256(name.encode()).hexdigest()
        while wanted.done < wanted.chunks:
            yield Pause(wanted.pause_s)
            if wanted.break_at == wanted.done:
                wanted.break_at = None
                yield Reset()
                return
            wanted.done += 1
            completed = wanted.size * wanted.done // wanted.chunks
            yield _said(
                status=f"pulling {digest[7:19]}",
                digest=digest,
                total=wanted.size,
                completed=completed,
            )
            if wanted.error and wanted.done * 2 >= wanted.chunks:
                yield _said(error=wanted.error)
                yield End()
                return
        yield _said(status="verifying sha256 digest")
        yield _said(status="writing manifest")
        self._add(name, size=wanted.size)
        yield _said(status="success")
        yield End()

    def _create(self, request: Request) -> Iterable[Step]:
        asked = request.json
        self.sent.append(asked)
        blobs = [*asked.get("files", {}).values(), *asked.get("adapters", {}).values()]
        missing = [digest for digest in blobs if digest not in self.blobs]
        if missing:
            return [
                Head(),
                _said(error=f"open /blobs/{missing[0]}: no such file or directory"),
                End(),
            ]
        base = str(asked.get("from", "")).removesuffix(":latest")
        if base and base not in self.models:
            return [Head(), _said(error="pull model manifest: file does not exist"), End()]
        size = self.models[base].size if base else sum(len(self.blobs[one]) for one in blobs)
        self._add(str(asked["model"]), size=size)
        steps = ("parsing GGUF", "creating new layer sha256:00", "writing manifest", "success")
        return [Head(), *(_said(status=status) for status in steps), End()]

    def _copy(self, request: Request) -> list[Step]:
        source = self.models.get(str(request.json["source"]).removesuffix(":latest"))
        if source is None:
            return _error(404, f'model "{request.json["source"]}" not found')
        self._add(str(request.json["destination"]), size=source.size)
        return whole(200, b"", {"Content-Type": "text/plain"})

    def _delete(self, request: Request) -> list[Step]:
        name = str(request.json["model"]).removesuffix(":latest")
        if name not in self.models:
            return _error(404, f"model '{name}' not found")
        del self.models[name]
        self.loaded.pop(name, None)
        return whole(200, b"", {"Content-Type": "text/plain"})

    def _blob(self, request: Request) -> list[Step]:
        digest = request.path.rpartition("/")[2]
        if request.method == "HEAD":
            return [Head(200 if digest in self.blobs else 404, {"Content-Length": "0"})]
        got = "sha256:" + hashlib.sha256(request.body).hexdigest()
        if got != digest:
            return _error(400, f'digest mismatch, expected "{digest}", got "{got}"')
        self.blobs[digest] = request.body
        return whole(201, b"", {"Content-Type": "text/plain"})

    def _add(self, name: str, *, size: int) -> None:
        like = next(iter(self.models.values()))
        short = name.removesuffix(":latest")
        self.models[short] = replace(like, name=short, size=size, capabilities=("completion",))


def _said(**fields: Any) -> Body:
    return Body(json.dumps(fields).encode() + b"\n")


def _error(status: int, text: str) -> list[Step]:
    return whole(status, json.dumps({"error": text}).encode())
