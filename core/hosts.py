"""OpenAI-compatible servers as the settings name them."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Preset = Literal[
    "generic", "vllm", "llamacpp", "lmstudio", "openai", "anthropic", "google", "azure"
]
Ability = Literal["chat", "embedding", "tools", "vision", "thinking", "structured"]
HostKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]{0,39}$")]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HostModelSettings(_Group):
    """What is known of one model of a host; the server itself seldom tells."""

    context_tokens: int | None = Field(None, ge=1, description="Its window in tokens.")
    capabilities: tuple[Ability, ...] | None = Field(None, description="What it can do.")


class HostSettings(_Group):
    """An OpenAI-compatible server: `openai:NAME@HOST` asks it for its model NAME."""

    preset: Preset = Field("generic", description="What kind of server it is.")
    url: str | None = Field(None, description="Its base URL; default: the preset's.")
    key_env: str | None = Field(
        None, pattern=r"^[A-Za-z_]\w*$", description="The variable that holds its API key."
    )
    api_version: str | None = Field(None, description="Azure's api-version: deployment paths.")
    models: dict[str, HostModelSettings] = Field({}, description="What is known of its models.")

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address such as http://127.0.0.1:8000/v1")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("an address without user, password and query: keys go into key_env")
        return url.rstrip("/") if url else None

    @model_validator(mode="after")
    def _placed(self) -> HostSettings:
        if self.url is None and self.preset in ("generic", "azure"):
            raise ValueError("a url: this preset has none of its own")
        return self
