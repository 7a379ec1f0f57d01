"""The card that an agent was imported from, kept beside its file and read again for exports.

`<stem>.card.json` is the card's JSON, `<stem>.card.zip` the files that came along in a charx.
Neither is ever changed, so copies of an agent share them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from core.agents import disk
from core.agents.cards.archive import MAX_TOTAL_BYTES, read_archive, write_archive
from core.agents.cards.card import Card, checked
from core.agents.cards.plain_json import MAX_JSON_BYTES, encode, read_json
from core.agents.files import Agents
from core.agents.spec import USER, Agent
from core.errors import CardInvalid

JSON_ENDING, FILES_ENDING = ".card.json", ".card.zip"


def keep(folder: Path, stem: str, card: Card) -> str:
    """Put the card into `folder`; gives the JSON's file name.

    Raises:
        StorageError, FileUnusable: it could not be written.
    """
    content = encode(card.raw, indent=2)
    found = lay(folder, stem, JSON_ENDING, content)
    if card.assets:
        # A card without its files is whole, files without a card are nothing: these come second.
        disk.write(folder / _files_of(found), write_archive(dict(card.assets)))
    return found


def card_of(agents: Agents, agent: Agent) -> Card | None:
    """The card that this agent came from, without its files; `None` for one made here.

    A card that was lost or broken since counts as none: the agent's own file has its texts.
    """
    if agent.card is None or agent.source != USER:
        return None
    path = agents.folder / agent.card
    try:
        found = path.stat()
        return _read(path, found.st_mtime_ns, found.st_size)
    except (OSError, ValueError):
        return None


def book_of(agents: Agents, agent: Agent) -> Mapping[str, Any] | None:
    """The lorebook of the agent's card as it stands there; `None` without one."""
    card = card_of(agents, agent)
    book = card.data.get("character_book") if card is not None else None
    return book if isinstance(book, dict) else None


def with_files(agents: Agents, agent: Agent, card: Card) -> Card:
    """The card with the files that came along."""
    if agent.card is None:
        return card
    path = agents.folder / _files_of(agent.card)
    try:
        content = disk.read(path, 2 * MAX_TOTAL_BYTES)
    except OSError:
        return card
    return replace(card, assets=read_archive(content, path.name))


def _files_of(card_file: str) -> str:
    return card_file.removesuffix(JSON_ENDING) + FILES_ENDING


def lay(folder: Path, stem: str, ending: str, content: bytes) -> str:
    """Put a file there without touching another one; gives its name. Equal files are shared."""
    name = next(name for name in _names(stem, ending) if _is_free(folder / name, content))
    disk.write(folder / name, content)
    return name


def _names(stem: str, ending: str) -> Iterator[str]:
    yield stem + ending
    yield from (f"{stem}-{number}{ending}" for number in count(2))


def _is_free(path: Path, content: bytes) -> bool:
    if not path.exists() and not path.is_symlink():
        return True
    try:
        return disk.read(path, len(content)) == content
    except OSError:
        return False


@lru_cache(maxsize=64)
def _read(path: Path, _changed_ns: int, _size: int) -> Card:
    """Parsed once for every state of the file: a prompt is built in milliseconds.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no card any more.
    """
    content = disk.read(path, MAX_JSON_BYTES)
    try:
        return checked(read_json(content, path.name), path.name)
    except CardInvalid as error:
        raise ValueError(str(error)) from None
