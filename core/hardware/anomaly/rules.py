"""Rules for what is wrong: read from a file that people edit, refused with the line."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core import yaml_loader
from core.errors import FileInvalid
from core.text import N_, words

ActionName = Literal["retry", "unload_idle", "restart_client", "ladder", "stop_training"]
ACTIONS: tuple[str, ...] = ActionName.__args__  # type: ignore[attr-defined]
DAY_S = 86_400
MAX_BYTES = 64 * 1024
Seconds = Annotated[float, Field(ge=0, le=DAY_S)]


class Rule(BaseModel):
    """One thing that can be wrong; config/anomaly_rules.yaml says what each field means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    when: str = Field(min_length=1, max_length=100)
    above: float | None = None
    below: float | None = None
    rising_per_hour: float | None = None
    until: float | None = None
    for_s: Seconds = 10.0
    calm_s: Seconds = 60.0
    then: tuple[ActionName, ...] = Field((), max_length=10)
    step_s: Seconds = 120.0
    per_hour: int = Field(2, ge=1, le=60)

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        given = [one for one in (self.above, self.below, self.rising_per_hour) if one is not None]
        if len(given) != 1:
            raise ValueError("one of above, below, rising_per_hour")
        if self.until is not None and self.wrong(self.until) and self.until != given[0]:
            raise ValueError("until on the calm side of the limit")
        return self

    @property
    def limit(self) -> float:
        return next(x for x in (self.above, self.below, self.rising_per_hour) if x is not None)

    def wrong(self, number: float) -> bool:
        """Whether a number is where it begins to be wrong."""
        return number < self.limit if self.below is not None else number > self.limit

    def right(self, number: float) -> bool:
        """Whether a number is where it is right again."""
        calm = self.limit if self.until is None else self.until
        return number >= calm if self.below is not None else number <= calm

    def subject(self, name: str) -> str | None:
        """What `*` stands for in a number's name; "" without a star, `None`: another number."""
        return _subject(self.when, name)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rules: list[Rule] = Field(max_length=100)


@lru_cache(maxsize=16_384)
def _subject(when: str, name: str) -> str | None:
    pattern = "(.+)".join(re.escape(part) for part in when.split("*", 1))
    found = re.fullmatch(pattern, name)
    return None if found is None else found.group(1) if found.groups() else ""


def read_rules(text: str, file: str) -> tuple[Rule, ...]:
    """
    Raises:
        FileInvalid: naming the line and what was expected there.
    """
    try:
        node = yaml_loader.compose(text)
        content = yaml_loader.load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        detail = getattr(error, "problem", None) or words(N_("unreadable text"))
        raise FileInvalid(file=file, line=mark.line + 1 if mark else 1, detail=detail) from None
    try:
        rules = tuple(_File.model_validate(content or {"rules": []}).rules)
    except ValidationError as error:
        raise _explained(error, node, file) from None
    names = [rule.name for rule in rules]
    for number, name in enumerate(names):
        if name in names[:number]:
            line = _line(node, ("rules", number, "name"))
            detail = words(N_("the name “{name}” is there twice"), name=name)
            raise FileInvalid(file=file, line=line, detail=detail)
    return rules


def _explained(error: ValidationError, node: Any, file: str) -> FileInvalid:
    first = error.errors()[0]
    expected = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    where = ".".join(str(part) for part in first["loc"][2:]) or "rules"
    found = repr(first.get("input"))[:60] if len(first["loc"]) > 2 else "…"
    detail = words(
        N_("{field}: expected {expected}, found {found}"),
        field=where,
        expected=expected,
        found=found,
    )
    return FileInvalid(file=file, line=_line(node, first["loc"]), detail=detail)


def _line(node: Any, location: tuple[int | str, ...]) -> int:
    """The line (1-based) of a place in the file, or of the nearest one around it."""
    line = 1
    for part in location:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == part]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        else:
            break
    return line


def read_file(content: bytes, file: str) -> tuple[Rule, ...]:
    """The rules of a whole file. Raises as `read_rules`."""
    if len(content) > MAX_BYTES:
        detail = words(N_("larger than {limit} KB"), limit=MAX_BYTES // 1024)
        raise FileInvalid(file=file, line=1, detail=detail)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileInvalid(file=file, line=1, detail=words(N_("not UTF-8 text"))) from None
    return read_rules(text, file)
