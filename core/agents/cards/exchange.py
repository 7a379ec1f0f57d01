"""Agents from files and files from agents: Markdown, and cards as JSON, PNG or charx."""

from __future__ import annotations

import threading
from dataclasses import replace
from enum import StrEnum
from pathlib import PurePath

from core.agents import pictures
from core.agents.cards import kept, png
from core.agents.cards.card import Card
from core.agents.cards.edits import fresh, with_edits
from core.agents.cards.faults import at_most, invalid
from core.agents.cards.mapping import fields_of
from core.agents.cards.portrait import portrait
from core.agents.cards.reading import ICON, MAX_CARD_BYTES, read_card
from core.agents.cards.writing import write_charx, write_json, write_png
from core.agents.files import Agents
from core.agents.names import stem_of
from core.agents.parsing import MAX_FILE_BYTES, parse
from core.agents.serialising import to_text
from core.agents.spec import Agent
from core.agents.versions import IMPORT
from core.errors import FileUnusable, NameTaken
from core.text import N_, words

MAX_IMPORT_BYTES = MAX_CARD_BYTES

_importing = threading.Lock()


class Format(StrEnum):
    MARKDOWN = "md"
    JSON = "card-json"
    PNG = "card-png"
    CHARX = "card-charx"


_FILES = {
    Format.MARKDOWN: (".md", "text/markdown; charset=utf-8"),
    Format.JSON: (".json", "application/json"),
    Format.PNG: (".png", "image/png"),
    Format.CHARX: (".charx", "application/zip"),
}


def import_file(agents: Agents, data: bytes, filename: str) -> Agent:
    """Make an agent of a file; one of the same name stays, the new one is numbered.

    Raises:
        CardInvalid, FileInvalid: naming file, place, what was expected and what was found.
        StorageError, FileUnusable: it could not be written.
    """
    file = PurePath(filename.replace("\\", "/")).name[:80] or "?"
    if file.lower().endswith((".md", ".markdown")):
        given = parse(data, file)
        # What lies beside a file does not come along with it.
        return _added(agents, replace(given, avatar=None, card=None), None)
    card = read_card(data, file)
    fields = fields_of(card)
    if not fields["name"]:
        expected = words(N_("a name that can be seen"))
        raise invalid(file, "name", expected, repr(card.text("name")))
    agent = Agent(**fields)
    if len(to_text(agent).encode()) > MAX_FILE_BYTES - 1_000:
        found = words(N_("more of it"))
        raise invalid(file, words(N_("its text")), at_most(MAX_FILE_BYTES), found)
    return _added(agents, agent, card)


def export(agents: Agents, name: str, format_: Format) -> tuple[bytes, str, str]:
    """The agent as a file: its bytes, a name for it, its media type.

    A card keeps the version that it was imported in; an agent made here becomes a version 3.

    Raises:
        AgentNotFound: there is no such agent.
    """
    agent = agents.get(name)
    ending, media_type = _FILES[format_]
    if format_ is Format.MARKDOWN:
        content = to_text(replace(agent, avatar=None, card=None)).encode()
    else:
        content = _written(agents, agent, format_)
    return content, stem_of(agent.name) + ending, media_type


def card_from(agents: Agents, agent: Agent) -> Card:
    """The card of an agent as it is now, with its picture."""
    original = kept.card_of(agents, agent)
    raw = fresh(agent) if original is None else with_edits(original, agent)
    return Card(raw, agents.avatar(agent.name))


def _written(agents: Agents, agent: Agent, format_: Format) -> bytes:
    card = card_from(agents, agent)
    if format_ is Format.JSON:
        return write_json(card)
    card = kept.with_files(agents, agent, card)
    if format_ is Format.CHARX:
        return write_charx(card)
    image = card.image or card.assets.get(f"{ICON}png", b"")
    return write_png(card, image if png.is_png(image) else portrait(agent.name))


def _added(agents: Agents, agent: Agent, card: Card | None) -> Agent:
    wanted = agent.name
    with _importing:
        while True:
            agent = replace(agent, name=agents.free_name(wanted))
            if card is not None:
                agent = _with_files(agents, agent, card)
            try:
                return agents.save(agent, revision=None, source=IMPORT)
            except NameTaken:  # somebody took it in this very moment
                continue


def _with_files(agents: Agents, agent: Agent, card: Card) -> Agent:
    """The agent with its card and its picture laid beside where its file will be."""
    avatar, image, stem = None, card.image, stem_of(agent.name)
    if image is not None:
        try:
            ending = pictures.ending(image)
        except FileUnusable:  # too large for an avatar: it stays with the card's files
            large = {f"{ICON}png": image} if png.is_png(image) else {}
            card = replace(card, assets={**card.assets, **large})
        else:
            avatar = kept.lay(agents.folder, stem, f".avatar{ending}", image)
    return replace(agent, card=kept.keep(agents.folder, stem, card), avatar=avatar)
