"""agents.yml: who joins which room from outside, and how each one speaks."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.client.yaml_file import Location, PlainYaml, read_yaml
from core.errors import ConfigInvalid
from core.providers.base import GenerationOptions
from core.rooms.model import BALLOTS, TURNS
from core.rooms.rules import MAX_NAME, name_key


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Options(_Strict):
    """How a model is asked; what is not given is left to the model or the app's settings.

    `num_ctx` and `num_predict` are Ollama's names for `context_tokens` and `max_tokens`.
    """

    temperature: float | None = Field(None, ge=0, le=5)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    min_p: float | None = Field(None, ge=0, le=1)
    repeat_penalty: float | None = Field(None, gt=0, le=5)
    seed: int | None = Field(None, ge=0)
    stop: tuple[str, ...] = ()
    max_tokens: int | None = Field(None, ge=1, le=131_072)
    num_predict: int | None = Field(None, ge=1, le=131_072)
    context_tokens: int | None = Field(None, ge=256, le=1_048_576)
    num_ctx: int | None = Field(None, ge=256, le=1_048_576)

    def generation(self, defaults: GenerationOptions) -> GenerationOptions:
        """These over `defaults`."""
        extra = {name: getattr(self, name) for name in ("top_k", "min_p", "repeat_penalty")}
        return GenerationOptions(
            context_tokens=self.context_tokens or self.num_ctx or defaults.context_tokens,
            max_tokens=self.max_tokens or self.num_predict or defaults.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
            stop=self.stop,
            extra={name: value for name, value in extra.items() if value is not None},
            first_token_s=defaults.first_token_s,
            between_tokens_s=defaults.between_tokens_s,
            retries=defaults.retries,
        )


class Entry(_Strict):
    """One agent. `room` `None` means the first room of the server."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    model: str = Field("starter", min_length=1, max_length=200)
    system_prompt: str = Field("", max_length=32_000)
    options: Options = Options()
    room: str | None = Field(None, min_length=1, max_length=MAX_NAME)
    capabilities: tuple[Annotated[str, Field(min_length=1, max_length=80)], ...] = Field(
        ("chat",), max_length=50
    )

    @property
    def takes_turns(self) -> bool:
        """Whether it waits for the room's turn policy instead of answering by itself."""
        return TURNS in self.capabilities

    @property
    def declared(self) -> list[str]:
        """What the room is told: whoever takes turns here can vote, too."""
        votes = self.takes_turns and BALLOTS not in self.capabilities
        return [*self.capabilities, BALLOTS] if votes else list(self.capabilities)


class Common(_Strict):
    """What holds for all agents of the file."""

    chat_history_limit: int = Field(20, ge=1, le=500)
    response_delay_ms: int = Field(0, ge=0, le=600_000)


class AgentsFile(_Strict):
    """A valid agents.yml."""

    agents: tuple[Entry, ...] = Field(min_length=1, max_length=100)
    common_settings: Common = Common()

    def by_room(self) -> dict[str | None, list[Entry]]:
        """The agents of each room, in the file's order."""
        found: dict[str | None, list[Entry]] = {}
        for entry in self.agents:
            found.setdefault(entry.room, []).append(entry)
        return found


def load_agents(file: Path) -> AgentsFile:
    """Read and check the file.

    Raises:
        ConfigInvalid: naming file, line, field, what was expected and what was found.
    """
    source = read_yaml(file)
    try:
        loaded = AgentsFile.model_validate(_known_shape(file, source))
    except ValidationError as error:
        raise _explained(file, source, error) from None
    _check_names(file, source, loaded)
    return loaded


def _known_shape(file: Path, source: PlainYaml) -> dict[str, Any]:
    if not isinstance(source.value, dict):
        found = "an empty file" if source.value is None else type(source.value).__name__
        raise _invalid(file, source, (), "agents: [{name, model, system_prompt, room}]", found)
    # An empty section (`common_settings:` with nothing below) means its defaults.
    return {name: value for name, value in source.value.items() if value is not None}


def _check_names(file: Path, source: PlainYaml, loaded: AgentsFile) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(loaded.agents):
        at: Location = ("agents", number, "name")
        printable = all(unicodedata.category(sign) != "Cc" for sign in entry.name)
        if not name_key(entry.name) or not printable:
            raise _invalid(file, source, at, "one line of text", repr(entry.name))
        key = (name_key(entry.name), name_key(entry.room or ""))
        if key in seen:
            line = source.line(("agents", seen[key], "name"))
            expected = f"a name that is not taken (line {line})"
            raise _invalid(file, source, at, expected, repr(entry.name))
        seen[key] = number


def _explained(file: Path, source: PlainYaml, error: ValidationError) -> ConfigInvalid:
    first = error.errors()[0]
    at: Location = first["loc"]
    if first["type"] == "extra_forbidden":
        return _invalid(file, source, at, "one of " + _siblings(at), repr(str(at[-1])))
    if first["type"] == "missing":
        return _invalid(file, source, at, "a value", "nothing")
    expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return _invalid(file, source, at, expected, repr(first.get("input"))[:60])


def _siblings(at: Location) -> str:
    """The keys that are known beside an unknown one."""
    shapes: dict[str, type[BaseModel]] = {"options": Options, "common_settings": Common}
    parent = at[-2] if len(at) > 1 else None
    if isinstance(parent, int):
        return ", ".join(Entry.model_fields)
    return ", ".join(shapes.get(str(parent), AgentsFile).model_fields)


def _invalid(
    file: Path, source: PlainYaml, at: Location, expected: str, found: str
) -> ConfigInvalid:
    field = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in at)
    return ConfigInvalid(
        file=file,
        line=source.line(at),
        field=field.removeprefix(".") or "file",
        expected=expected,
        found=found,
    )
