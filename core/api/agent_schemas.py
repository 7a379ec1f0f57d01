"""What the routes of agents take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.api.schemas import ErrorBody

_Text = Annotated[str, Field(max_length=256_000)]
_Words = Annotated[list[Annotated[str, Field(max_length=32_000)]], Field(max_length=200)]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Option = bool | int | _Number | str | list[str] | None


class AgentFields(BaseModel):
    """What a person can write of an agent; what is left out is empty, or stays as it is."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    description: _Text = ""
    gender: _Text = ""
    background: _Text = ""
    personalities: _Words = []
    roles: _Words = []
    tones: _Words = []
    skills: _Words = []
    tools: _Words = []
    model: str | None = Field(None, max_length=300, description="null: the app's default model.")
    adapter: str | None = Field(None, max_length=300)
    template: str = Field("default", max_length=80)
    language: Literal["", "en", "ja"] = Field("", description='"": that of whoever speaks to it.')
    memory: Literal["none", "room", "agent"] = "room"
    greetings: _Words = Field([], description="Its first lines; the usual one stands first.")
    examples: _Text = Field("", description="Dialogues that show how it speaks.")
    talkativeness: float | None = Field(None, ge=0, le=1)
    options: dict[str, _Option] = Field({}, description="temperature, top_p, max_tokens, seed …")
    introduction: dict[str, _Text] = Field({}, description="One line for each language code.")
    body: _Text = Field("", description="Free text for the prompt.")


class NewAgent(AgentFields):
    name: str = Field(description="1 to 80 characters on one line.")
    numbered: bool = Field(False, description="“Ren 2” when there is a Ren, instead of a 409.")


class AgentChange(AgentFields):
    """What is left out stays as it is."""

    name: str | None = Field(None, description="Another name; its file and versions stay.")
    revision: str | None = Field(
        None, description="The one that was read; the header `If-Match` may say it instead."
    )


class CardInfo(BaseModel):
    """What an imported card says about itself; it never reaches a prompt."""

    spec: str
    name: str
    creator: str
    version: str
    notes: str
    tags: list[str]
    lorebook_entries: int


class AgentOut(AgentFields):
    model_config = ConfigDict(extra="ignore")

    name: str
    options: dict[str, Any]
    source: Literal["system", "user"]
    file: str
    revision: str = Field(description="SHA-256 of its file; a change must name it.")
    avatar: str | None = Field(description="The picture's file, null when it is drawn here.")
    card: str | None = Field(description="The file of the card that it was imported from.")
    card_info: CardInfo | None = Field(None, description="Only where one agent is read.")


class AgentList(BaseModel):
    agents: list[AgentOut]
    problems: list[ErrorBody] = Field(description="Files that cannot be read, and why.")
    deleted: list[str] = Field(description="With ?deleted=true: who can be restored.")


class FoundAgent(BaseModel):
    agent: AgentOut
    score: float = Field(description="0 to 1.")
    why: str = Field(description="What fitted, in the caller's language.")


class FoundList(BaseModel):
    found: list[FoundAgent]
    problem: ErrorBody | None = Field(description="Why meanings could not be searched.")


class Copy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, description="Default: its own with a number.")


class VersionOut(BaseModel):
    version: int
    saved_at: datetime
    source: Literal["app", "file", "import", "restore"]


class VersionText(VersionOut):
    content: str


class VersionList(BaseModel):
    versions: list[VersionOut]


class Difference(BaseModel):
    diff: str = Field(description="Unified; empty when both are equal.")


class Restore(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**53 - 1)
