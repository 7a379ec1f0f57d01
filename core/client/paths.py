"""The paths of things by name: most names can stand in one, a few have to be looked up first."""

from __future__ import annotations

import re
from typing import Any

from core.client.http import Http, segment
from core.errors import AgentNotFound, ModelNotFound, RoomNotFound
from core.rooms.rules import name_key

# Servers on the way read a slash, a backslash or leading dots in a path as something else.
_PLAIN = re.compile(r"(?!\.)[^/\\]+")


def room_path(http: Http, ref: str) -> str:
    """The path of a room by id or name.

    Raises:
        RoomNotFound: only for a name that had to be looked up.
    """
    if _PLAIN.fullmatch(ref):
        return "/api/v1/rooms/" + segment(ref)
    for deleted in ("false", "true"):
        for room in http.get("/api/v1/rooms", deleted=deleted)["rooms"]:
            if name_key(str(room["name"])) == name_key(ref):
                return "/api/v1/rooms/" + segment(str(room["id"]))
    raise RoomNotFound(room=ref)


def agent_path(name: str) -> str:
    """The path of an agent.

    Raises:
        AgentNotFound: no agent can be called that.
    """
    if not _PLAIN.fullmatch(name):
        raise AgentNotFound(agent=name)
    return "/api/v1/agents/" + segment(name)


def read_model(http: Http, ref: str) -> dict[str, Any]:
    """A model by its reference.

    Raises:
        ModelNotFound: only for a reference that had to be looked up.
    """
    if _PLAIN.fullmatch(ref.replace("/", "")) and ".." not in ref:
        return http.get("/api/v1/models/" + segment(ref))
    models: list[dict[str, Any]] = http.get("/api/v1/models")["models"]
    found = next((model for model in models if model["ref"] == ref), None)
    if found is None:
        raise ModelNotFound(model=ref)
    return found
