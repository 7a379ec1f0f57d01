"""The OpenAI-compatible servers of the settings, and what is peculiar to each kind.

They all speak one protocol, but differ in where they listen, how the key is given, what the
answer's length is called, and what they take. Keys are read from the environment when they are
needed, and are never kept or written anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from core.errors import HostUnknown, KeyMissing
from core.hosts import HostModelSettings, HostSettings
from core.providers.base import CHAT, STRUCTURED, TOOLS, VISION, host_of, is_local, name_of

LOCAL = frozenset({CHAT, STRUCTURED})
HOSTED = frozenset({CHAT, TOOLS, VISION, STRUCTURED})


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of server.

    `told`: the abilities are those of all its models, so that others are refused before asking;
    else they are the least that can be said. `limit` names the field for the answer's length.
    `thinking` says how a model is told to think: by its chat template, by an effort, or not.
    `schema` is the form in which a JSON schema goes along. `leave_out` is what it does not take.
    `counts`: it tells the tokens of a stream when asked to. `go_on` is what makes it go on with an
    unfinished answer; the others do so by themselves, or begin anew.
    """

    url: str | None = None
    key_env: str | None = None
    key_needed: bool = False
    key_header: Literal["bearer", "api-key"] = "bearer"
    abilities: frozenset[str] = frozenset({CHAT})
    told: bool = False
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking: Literal["template", "effort"] | None = None
    schema: Literal["json_schema", "json_object"] = "json_schema"
    leave_out: frozenset[str] = frozenset()
    counts: bool = True
    go_on: tuple[tuple[str, bool], ...] = ()
    list_headers: tuple[tuple[str, str], ...] = ()


PRESETS: Mapping[str, Preset] = {
    "generic": Preset(),
    "vllm": Preset(
        "http://127.0.0.1:8000/v1",
        abilities=LOCAL,
        thinking="template",
        go_on=(("continue_final_message", True), ("add_generation_prompt", False)),
    ),
    # Its Python server knows "json_object" with a schema only; its own knows both.
    "llamacpp": Preset(
        "http://127.0.0.1:8080/v1", abilities=LOCAL, thinking="template", schema="json_object"
    ),
    "lmstudio": Preset("http://127.0.0.1:1234/v1", abilities=LOCAL),
    "openai": Preset(
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        key_needed=True,
        abilities=HOSTED,
        told=True,
        limit="max_completion_tokens",
        thinking="effort",
    ),
    "anthropic": Preset(
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        key_needed=True,
        abilities=HOSTED - {STRUCTURED},  # a response_format is ignored in silence
        told=True,
        leave_out=frozenset({"seed"}),
        list_headers=(("anthropic-version", "2023-06-01"),),
    ),
    "google": Preset(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
        key_needed=True,
        abilities=HOSTED,
        told=True,
        thinking="effort",
        leave_out=frozenset({"seed"}),
    ),
    "azure": Preset(
        None,
        "AZURE_OPENAI_API_KEY",
        key_needed=True,
        key_header="api-key",
        abilities=HOSTED,
        told=True,
        limit="max_completion_tokens",
        thinking="effort",
    ),
}


@dataclass(frozen=True, slots=True)
class Host:
    """One server of the settings. `key` is the name that the user gave it."""

    key: str
    preset: Preset
    url: str
    settings: HostSettings

    @property
    def variable(self) -> str:
        """The environment variable of its API key, "" when it has none."""
        return self.settings.key_env or self.preset.key_env or ""

    @property
    def local(self) -> bool:
        return is_local(self.url)

    @property
    def name(self) -> str | None:
        """The machine's name for the badge; `None` when it is this one."""
        return None if self.local else host_of(self.url)

    @property
    def lists(self) -> bool:
        """Whether the server can be asked what it has. Azure's deployments cannot."""
        return self.preset is not PRESETS["azure"] and (self.local or not self.settings.models)

    def api_key(self, ref: str) -> str:
        """The key, "" for a server without.

        Raises:
            KeyMissing: the variable is not set, and the server (or the user) wants a key.
        """
        key = os.environ.get(self.variable, "").strip() if self.variable else ""
        if not key and (self.preset.key_needed or self.settings.key_env):
            raise KeyMissing(model=ref, variable=self.variable)
        return key

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        """The headers that carry the key."""
        if not key:
            return []
        if self.preset.key_header == "api-key":
            return [(b"api-key", key.encode())]
        return [(b"Authorization", b"Bearer " + key.encode())]

    def list_headers(self, key: str) -> list[tuple[bytes, bytes]]:
        """The headers of the question for its models: Anthropic wants its own there."""
        own = [(name.encode(), value.encode()) for name, value in self.preset.list_headers]
        return [(b"x-api-key", key.encode()), *own] if own and key else self.headers(key)

    def chat_url(self, name: str) -> str:
        version = self.settings.api_version
        if version is None:
            return f"{self.url}/chat/completions"
        place = f"{self.url}/openai/deployments/{quote(name, safe='')}"
        return f"{place}/chat/completions?api-version={quote(version, safe='')}"

    def about(self, name: str) -> HostModelSettings:
        """What the user has said of a model; nothing for one that is not named."""
        return self.settings.models.get(name, HostModelSettings())


def hosts_of(settings: Mapping[str, HostSettings]) -> dict[str, Host]:
    """The hosts by their keys."""
    found = {}
    for key, given in settings.items():
        preset = PRESETS[given.preset]
        url = given.url or preset.url
        assert url is not None  # the settings have seen to that
        found[key] = Host(key, preset, url, given)
    return found


def split(ref: str) -> tuple[str, str]:
    """A reference's model and host: ("meta/llama", "box") of "openai:meta/llama@box"."""
    name, _at, key = name_of(ref).rpartition("@")
    return name, key


def host_for(hosts: Mapping[str, Host], ref: str) -> tuple[Host, str]:
    """The host that a reference names, and the model's name there.

    Raises:
        HostUnknown: there is none of that name, or no model is named.
    """
    name, key = split(ref)
    if key not in hosts or not name:
        raise HostUnknown(model=ref, host=key)
    return hosts[key], name
