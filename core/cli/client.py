"""`agent-client`: agents that join rooms from another process, by their file agents.yml."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.door import settings_for
from core.cli.options import Json
from core.cli.output import one_line, write, write_json
from core.text import N_, _, language, set_language

Body = dict[str, Any]


def add_to(app: typer.Typer) -> None:
    text = N_("Join rooms from outside as the agents of a file agents.yml.")
    app.command("agent-client", help=text)(agent_client)


def agent_client(
    agents: Annotated[
        Path, typer.Option("--agents", metavar="FILE", help=N_("Who joins: agents.yml."))
    ],
    server_url: Annotated[
        str | None,
        typer.Option("--server-url", metavar="URL", help=N_("Where Engawa runs; default: here.")),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", help=N_("File with the token; default: ENGAWA_TOKEN, then the local.")
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help=N_("Print each step on standard error."))
    ] = False,
    as_json: Json = False,
) -> None:
    settings = settings_for(None)
    from core.client.address import Address, find_token
    from core.client.agents_file import load_agents
    from core.client.crew import Crew
    from core.client.http import Http
    from core.providers.defaults import default_providers
    from core.providers.registry import Registry

    load_agents(agents)  # a broken file is told before a missing token or server
    address = Address.parse(server_url or f"http://{settings.host}:{settings.port}")
    http = Http(address, find_token(address, settings.paths, token_file))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_given: ended.set())
    registry = Registry(default_providers(settings))
    try:
        Crew(agents, http, registry, settings, Reporter(as_json, debug)).run(ended)
    finally:
        registry.close()
    if not as_json:
        write(_("The agents have left."))


class Reporter:
    """Tells what the agents do: sentences, or one JSON object a line. Never what is said."""

    def __init__(self, as_json: bool, debug: bool) -> None:
        self._as_json, self._debug = as_json, debug
        self._lock = threading.Lock()
        self._language = language()

    def __call__(self, event: str, **fields: Any) -> None:
        with self._lock:
            set_language(self._language)  # reports come from many threads
            if self._as_json:
                write_json({"event": event, **fields})
            else:
                write(one_line(sentence(event, fields)))
            if self._debug:
                sys.stderr.write(f"debug: {event} {fields}\n")


def sentence(event: str, fields: Body) -> str:
    """A report in words."""
    error = fields.get("error") or {}
    said = f"{error.get('message', '')} {error.get('hint', '')}".strip()
    texts = {
        "joined": _("{agents} joined “{room}”.", **fields),
        "away": _("{said} Trying again in {seconds} s.", said=said, **fields),
        "refused": _("“{room}” refused something: {said}", said=said, **fields),
        "answered": _("{agent} answered message {seq} in “{room}”.", **fields),
        "fallback": _("{agent} answers with {model}, since its own model does not.", **fields),
        "failed": _("{agent} could not answer message {seq}: {said}", said=said, **fields),
        "kept": _("The file was not taken over: {said}", said=said),
        "reloaded": _("The file {file} was taken over.", **fields),
        "gone": _("“{room}” was left: {said}", said=said, **fields),
    }
    return texts.get(event, event)
