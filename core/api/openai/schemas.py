"""What OpenAI's clients send. Unknown fields are tolerated; what cannot be done is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_MESSAGES = 2_000
Text = Annotated[str, Field(max_length=2_000_000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class UrlIn(_Body):
    url: str = Field(max_length=20_000_000, description="A picture as a data: URL.")


class PartIn(_Body):
    type: Literal["text", "image_url"]
    text: Text = ""
    image_url: UrlIn | None = None


class FunctionIn(_Body):
    name: str = Field(min_length=1, max_length=200)
    arguments: Text = "{}"


class CallIn(_Body):
    id: str = Field("", max_length=200)
    function: FunctionIn


class MessageIn(_Body):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | list[PartIn] | None = None
    tool_calls: list[CallIn] | None = Field(None, max_length=128)
    tool_call_id: str | None = Field(None, max_length=200)


class ToolFunctionIn(_Body):
    name: str = Field(min_length=1, max_length=200)
    description: Text = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object"})


class ToolIn(_Body):
    type: Literal["function"] = "function"
    function: ToolFunctionIn


class SchemaIn(_Body):
    schema_: dict[str, Any] = Field(alias="schema")


class FormatIn(_Body):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaIn | None = None


class StreamOptionsIn(_Body):
    include_usage: bool = False


class CompletionIn(_Body):
    """A chat completion. What is left out is the model's or the agent's own."""

    model: str = Field(
        min_length=1, max_length=300, description="agent/NAME, room/NAME, auto, or a reference."
    )
    messages: list[MessageIn] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool = False
    stream_options: StreamOptionsIn | None = None
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    max_completion_tokens: int | None = Field(None, ge=1, le=1_000_000)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    stop: str | Annotated[list[str], Field(max_length=16)] | None = None
    n: int | None = None
    tools: list[ToolIn] | None = Field(None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    response_format: FormatIn | None = None
    reasoning_effort: str | None = Field(None, max_length=40)
    continue_final_message: bool = Field(
        False, description="Go on with the last message, the assistant's, in mid-sentence."
    )


class EmbeddingsIn(_Body):
    """Texts for vectors; `model` is `embedding`."""

    model: str = Field(min_length=1, max_length=300)
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=2_048)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
