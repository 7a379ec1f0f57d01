"""Every command, setting and route stands in docs/, or this fails.

`python -m tests.test_docs` writes the table of settings anew.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from core.api.app import create_app
from core.cli.app import command
from core.client.agents_file import load_agents
from core.doctor.examine import CHECKS
from core.paths import PROJECT
from core.settings import Settings
from core.workbench import current

DOCS = PROJECT / "docs"
TABLE_HEAD = "| setting | environment | default | effect |\n| --- | --- | --- | --- |\n"


def commands(group: typer.core.TyperGroup, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, found in group.commands.items():
        full = f"{path} {name}".strip()
        if isinstance(found, typer.core.TyperGroup):
            yield from commands(found, full)
        else:
            yield full, found


def settings(model: type[BaseModel] = Settings, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{path}{name}.")
        else:
            yield path + name, field


def settings_table() -> str:
    rows = []
    for name, field in settings():
        variable = "ENGAWA_" + name.replace(".", "__").upper()
        default = "none" if field.default in (None, ()) else str(field.default)
        rows.append(f"| `{name}` | `{variable}` | {default} | {field.description} |\n")
    return TABLE_HEAD + "".join(rows)


COMMANDS = dict(commands(command()))
ROUTES = sorted(create_app(current).openapi()["paths"])


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_its_heading(name: str) -> None:
    assert f"\n## {name}\n" in (DOCS / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_command_and_options_are_explained(name: str) -> None:
    for parameter in COMMANDS[name].params:
        assert parameter.name == "help" or parameter.help, parameter.name


@pytest.mark.parametrize("name", COMMANDS)
def test_own_options_stand_below_the_heading(name: str) -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    shared = {"--json", "--help"} | (set() if name == "serve" else {"--storage"})
    for parameter in COMMANDS[name].params:
        option = parameter.opts[0]
        assert not option.startswith("-") or option in shared or option in section, option


def test_no_heading_without_a_command() -> None:
    headings = re.findall(r"^## (.+)$", (DOCS / "commands.md").read_text(encoding="utf-8"), re.M)
    assert sorted(headings) == sorted(COMMANDS)


def test_example_lines_name_real_commands() -> None:
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    for line in re.findall(r"`python -m core ([a-z-]+(?: [a-z]+)?)", text):
        words = shlex.split(line)
        known = COMMANDS.keys() | {name.split()[0] for name in COMMANDS}
        assert " ".join(words) in known or words[0] in known, line


def test_settings_table_is_current() -> None:
    written = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert settings_table() in written, "run: python -m tests.test_docs"


@pytest.mark.parametrize("name", [name for name, _field in settings()])
def test_setting_carries_its_sentence(name: str) -> None:
    description = dict(settings())[name].description
    assert description
    assert description.endswith(".")


@pytest.mark.parametrize("route", ROUTES)
def test_route_is_documented(route: str) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
    assert route in pages


@pytest.mark.parametrize("part", CHECKS)
def test_every_check_of_the_doctor_is_named(part: str) -> None:
    words = {"gpu": "graphics card", "starter": "starter\nmodel", "encoder": "sentence encoder"}
    named = words.get(part, part.replace("_", " "))
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    section = text.partition("\n## doctor\n")[2].partition("\n## ")[0]
    assert named.lower() in section.lower()


def test_example_file_is_valid() -> None:
    loaded = load_agents(PROJECT / "agents.yml.example")
    assert {entry.model.partition(":")[0] for entry in loaded.agents} == {"starter", "ollama"}


if __name__ == "__main__":
    page = DOCS / "settings.md"
    before = page.read_text(encoding="utf-8").partition("| setting |")[0]
    page.write_text(before + settings_table(), encoding="utf-8")
