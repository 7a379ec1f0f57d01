"""The agents behind a door: in the folder that this command opened, or in a running app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.agents import Agents
from core.agents.cards import Format, export, import_file
from core.api.agent_bodies import (
    agent_body,
    create,
    listed,
    searched,
    version_bodies,
    whole_agent_body,
)
from core.cli.door.protocols import Body
from core.client.http import Http
from core.client.paths import agent_path
from core.text import language

_PATH = "/api/v1/agents"


class LocalAgents:
    """See `protocols.AgentsDoor`."""

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def list(self) -> Body:
        return listed(self._agents, language(), deleted=True)

    def search(self, text: str, limit: int) -> Body:
        return searched(self._agents, text, limit, language())

    def get(self, name: str) -> Body:
        return whole_agent_body(self._agents, self._agents.get(name))

    def create(self, fields: Mapping[str, Any], *, numbered: bool = False) -> Body:
        return agent_body(create(self._agents, fields, numbered=numbered))

    def take_in(self, content: bytes, filename: str) -> Body:
        return agent_body(import_file(self._agents, content, filename))

    def export(self, name: str, format_: str) -> bytes:
        return export(self._agents, name, Format(format_))[0]

    def duplicate(self, name: str, new_name: str | None) -> Body:
        return agent_body(self._agents.duplicate(name, new_name))

    def delete(self, name: str) -> None:
        self._agents.delete(name)

    def versions(self, name: str) -> Sequence[Body]:
        return version_bodies(self._agents, name)

    def diff(self, name: str, old: int, new: int | None) -> str:
        return self._agents.diff(name, old, new)

    def restore(self, name: str, version: int) -> Body:
        return agent_body(self._agents.restore(name, version))


class RemoteAgents:
    """See `protocols.AgentsDoor`."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def list(self) -> Body:
        return self._http.get(_PATH, deleted="true")

    def search(self, text: str, limit: int) -> Body:
        return self._http.get(f"{_PATH}/search", q=text, limit=limit)

    def get(self, name: str) -> Body:
        return self._http.get(agent_path(name))

    def create(self, fields: Mapping[str, Any], *, numbered: bool = False) -> Body:
        return self._http.post(_PATH, {**fields, "numbered": numbered})

    def take_in(self, content: bytes, filename: str) -> Body:
        return self._http.upload(f"{_PATH}/import", content, filename=filename)

    def export(self, name: str, format_: str) -> bytes:
        return self._http.download(f"{agent_path(name)}/export", format=format_)

    def duplicate(self, name: str, new_name: str | None) -> Body:
        return self._http.post(f"{agent_path(name)}/duplicate", {"name": new_name})

    def delete(self, name: str) -> None:
        self._http.delete(agent_path(name))

    def versions(self, name: str) -> Sequence[Body]:
        found: Sequence[Body] = self._http.get(f"{agent_path(name)}/versions")["versions"]
        return found

    def diff(self, name: str, old: int, new: int | None) -> str:
        return str(self._http.get(f"{agent_path(name)}/diff", old=old, new=new)["diff"])

    def restore(self, name: str, version: int) -> Body:
        return self._http.post(f"{agent_path(name)}/restore", {"version": version})
