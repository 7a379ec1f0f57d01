"""A small Hugging Face hub on loopback: the models it is given, whole or misbehaving.

    with ScriptedHub({"own/small": {"config.json": b"…", "model.safetensors": b"…"}}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)

`hub.break_after` breaks one transfer off after so many bytes; `hub.redirect` sends every file
somewhere else first; `hub.lies` holds files whose announced hash is wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from testing.scripted_http import Body, Head, Pause, Request, Reset, ScriptedHttp, Step, whole

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BIG_BYTES = 1_000  # from here on a file has an announced hash, as files in LFS have
PIECE_BYTES = 65_536


class ScriptedHub(ScriptedHttp):
    """See above."""

    def __init__(self, repos: Mapping[str, Mapping[str, bytes]], port: int = 0) -> None:
        super().__init__(port)
        self.repos = {name: dict(files) for name, files in repos.items()}
        self.break_after: int | None = None
        self.pause_s = 0.0
        self.redirect: str | None = None
        self.lies: set[str] = set()
        self.status: int | None = None

    def script_for(self, request: Request) -> Any:
        if self.status is not None:
            return whole(self.status, b"{}")
        path = unquote(request.path.partition("?")[0])
        for name, files in self.repos.items():
            if path == f"/api/models/{name}/revision/main":
                return self._listed(files)
            start = f"/{name}/resolve/{COMMIT}/"
            if path.startswith(("/elsewhere" + start, start)):
                return self._file(request, files, path.rpartition("/")[2])
        return whole(404, b'{"error": "Repository not found"}')

    def _listed(self, files: Mapping[str, bytes]) -> list[Step]:
        siblings = [self._entry(name, content) for name, content in files.items()]
        return whole(200, json.dumps({"sha": COMMIT, "siblings": siblings}).encode())

    def _entry(self, name: str, content: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"rfilename": name, "size": len(content)}
        if len(content) >= BIG_BYTES:
            digest = "0" * 64 if name in self.lies else hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"sha256": digest, "size": len(content)}
        return entry

    def _file(self, request: Request, files: Mapping[str, bytes], name: str) -> list[Step]:
        if self.redirect is not None and not request.path.startswith("/elsewhere"):
            place = self.redirect + request.path
            return [Head(302, {"Location": place, "Content-Length": "0"})]
        content = files[name]
        start = int(request.headers.get("range", "bytes=0-")[6:].rstrip("-") or 0)
        rest = content[start:]
        status = 206 if start else 200
        steps: list[Step] = [Head(status, {"Content-Length": str(len(rest))})]
        for at in range(0, len(rest), PIECE_BYTES):
            if self.break_after is not None and at >= self.break_after:
                self.break_after = None
                return [*steps, Reset()]
            steps += [Body(rest[at : at + PIECE_BYTES]), Pause(self.pause_s)]
        return steps
