"""What a room's document must look like before anything of it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core.errors import InvalidInput, WorkbenchError
from core.messages import Kind, ReplyStatus
from core.rooms.rules import MAX_NAME, checked_name, name_key
from core.rooms.transfer.writing import FORMAT

MAX_MESSAGES = 200_000

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Text = Annotated[str, Field(max_length=1_000_000)]
Word = Annotated[str, Field(max_length=400)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Ordinal = Annotated[int, Field(ge=1, le=10_000)]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT[0-9:.]{8,15}Z$")]
Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    # Unknown keys are a newer Engawa's: what this one knows is taken, the rest left out.
    model_config = ConfigDict(extra="ignore", frozen=True)


class UsagePart(_Part):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    cached_tokens: Count | None = None


class TimingsPart(_Part):
    queued_ms: Number | None = None
    load_ms: Number | None = None
    first_token_ms: Number | None = None
    total_ms: Number | None = None
    tokens_per_s: Number | None = None


class ReasonPart(_Part):
    code: Annotated[str, Field(max_length=64)]
    params: dict[str, Any] = {}


class VariantPart(_Part):
    """An answer of a line that is not shown."""

    number: Ordinal
    content: Text
    status: ReplyStatus
    model: Word | None = None
    host: Word | None = None
    reason: ReasonPart | None = None
    usage: UsagePart | None = None
    timings: TimingsPart | None = None
    reasoning: Text | None = None
    speech: dict[str, Any] | None = None
    edited_at: Moment | None = None


class EditPart(_Part):
    """What a line said before it was changed."""

    number: Ordinal
    variant: Ordinal
    content: Text
    editor: Word
    at: Moment


class VotePart(_Part):
    variant: Ordinal
    voter: Word
    value: Literal[1, -1]
    at: Moment


class SpanPart(_Part):
    """When somebody sat in the room, counted in messages."""

    name: Name
    since_seq: Count
    until_seq: Count | None = None


class Line(_Part):
    """One message."""

    id: Id
    seq: Annotated[int, Field(ge=1)]
    sender: Name
    kind: Kind
    content: Text
    status: ReplyStatus
    created_at: AwareDatetime
    reply_to: Annotated[int, Field(ge=1)] | None = None
    model: Word | None = None
    host: Word | None = None
    reason: ReasonPart | None = None
    usage: UsagePart | None = None
    timings: TimingsPart | None = None
    attachments: list[dict[str, Any]] = []
    deleted: bool = False
    reasoning: Text | None = None
    speech: dict[str, Any] | None = None
    turn: dict[str, Any] | None = None
    heard_seq: Annotated[int, Field(ge=0)] | None = None
    to: Annotated[list[Name], Field(max_length=20)] = []
    pinned: bool = False
    edited_at: Moment | None = None
    variant: Ordinal = 1
    variants: Ordinal = 1
    others: list[VariantPart] = []
    edits: list[EditPart] = []
    votes: list[VotePart] = []


class MemberPart(_Part):
    name: Name
    model: Word | None = None
    muted: bool = False


class RoomPart(_Part):
    id: Id
    name: Name
    policy: Annotated[str, Field(max_length=32)]
    policy_options: dict[str, Any] = {}
    context_tokens: Annotated[int, Field(ge=256, le=1_048_576)] | None = None
    created_at: AwareDatetime
    members: Annotated[list[MemberPart], Field(max_length=100)] = []
    attendance: Annotated[list[SpanPart], Field(max_length=MAX_MESSAGES)] | None = None
    origin: dict[str, Any] | None = None
    limits: dict[str, Count | Number] | None = None
    spent: dict[str, Count | Number | None] | None = None
    halted: ReasonPart | None = None


class Document(_Part):
    engawa_room: Annotated[int, Field(ge=1, le=FORMAT)]
    room: RoomPart
    messages: Annotated[list[Line], Field(max_length=MAX_MESSAGES)]


def checked_document(content: Mapping[str, Any]) -> Document:
    """A document that can be stored.

    Raises:
        InvalidInput: naming the field, for example `messages[12].seq`.
    """
    try:
        document = Document.model_validate(content)
    except ValidationError as error:
        raise _explained(error) from None
    for number, line in enumerate(document.messages):
        field = f"messages[{number}]"
        if line.seq != number + 1:
            raise InvalidInput(field=f"{field}.seq", expected=number + 1, found=line.seq)
        if line.reply_to is not None and line.reply_to > len(document.messages):
            expected = f"at most {len(document.messages)}"
            raise InvalidInput(field=f"{field}.reply_to", expected=expected, found=line.reply_to)
        checked_name(line.sender, f"{field}.sender")
        _check_beside(line, field)
        _refuse_half_letters(line.content, f"{field}.content")
    names = [name_key(checked_name(one.name, "members")) for one in document.room.members]
    if len(set(names)) < len(names):
        raise InvalidInput(field="members", expected="each once", found="a name twice")
    return document


def _check_beside(line: Line, field: str) -> None:
    """Each answer is there once, and what is kept beside it is text, too."""
    numbers = sorted([line.variant, *(one.number for one in line.others)])
    if numbers != list(range(1, line.variants + 1)):
        raise InvalidInput(field=f"{field}.others", expected="each answer once", found=numbers)
    for part in ("edits", "votes"):
        kept = getattr(line, part)
        keys = {_key(one) for one in kept}
        if len(keys) < len(kept):
            raise InvalidInput(field=f"{field}.{part}", expected="each once", found="one twice")
    for text in [one.content for one in line.others] + [one.content for one in line.edits]:
        _refuse_half_letters(text, field)


def _key(kept: EditPart | VotePart) -> object:
    return kept.number if isinstance(kept, EditPart) else (kept.variant, kept.voter)


def _refuse_half_letters(text: str, field: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput(field=field, expected="text", found="broken Unicode")


def _explained(error: ValidationError) -> WorkbenchError:
    first = error.errors()[0]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    expected = first["msg"].removeprefix("Input should be ")
    found = "nothing" if first["type"] == "missing" else repr(first.get("input"))[:60]
    return InvalidInput(field=field.removeprefix("."), expected=expected, found=found)
