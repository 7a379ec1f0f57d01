"""From messages to token ids that fit: the oldest messages go first, the system text never."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from core.errors import ModelRefused, PromptTooLong
from core.runner.protocol import Ask

if TYPE_CHECKING:
    from core.runner.host_seeing import Eyes, Features

Messages = list[dict[str, Any]]
ANSWER_SHARE = 4  # at least a quarter of the window is kept free for the answer


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is given. `thinking`: the template has already opened its think mark.

    `begun`: it ends in the middle of the answer; `trimmed`: less the blanks at the end of that,
    which would lead most models astray. `settled()` is how many of the tokens the conversation's
    next prompt begins with as well. `features` are its pictures, as the model reads them.
    """

    ids: list[int]
    dropped: int
    thinking: bool
    settled: Callable[[], int]
    begun: bool = False
    trimmed: bool = False
    features: Features | None = None


class PromptMaker:
    """Applies the tokenizer's own chat template (in transformers' sandbox) and cuts to size."""

    def __init__(self, tokenizer: Any, ref: str, eyes: Eyes | None = None) -> None:
        self._tokenizer, self._ref, self._eyes = tokenizer, ref, eyes
        marks = [*tokenizer.all_special_tokens, *(eyes.marks if eyes else ())]
        self._marks = [mark for mark in marks if len(mark) > 1]
        self._features: dict[tuple[int, ...], Features] = {}  # of one prompt in the making

    def make(self, ask: Ask, window: int) -> Prompt:
        """The prompt, with room for the answer.

        Raises:
            PromptTooLong: the system text alone does not fit.
            ModelRefused: the chat template does not take these messages.
        """
        self._features.clear()
        limit = window - min(ask.max_tokens, window // ANSWER_SHARE)
        options: dict[str, Any] = {"enable_thinking": ask.reasoning}
        if ask.tools:
            options["tools"] = [dict(tool) for tool in ask.tools]
        whole = [self._tame(message) for message in ask.messages]
        said = whole[-1]["content"] if ask.unfinished else ""
        begun = bool(said.strip())
        if begun:
            options |= {"continue_final_message": True, "add_generation_prompt": False}
            whole[-1]["content"] = said.rstrip()
        kept, ids = self._fitting(whole, limit, options)
        settled = partial(self._settled, kept, ids, options)
        dropped = len(whole) - len(kept)
        trimmed = begun and said != said.rstrip()
        features = self._features.get(tuple(ids))
        return Prompt(ids, dropped, self._opens_thought(ids), settled, begun, trimmed, features)

    def _settled(self, messages: Messages, ids: list[int], options: dict[str, Any]) -> int:
        """All but what only invites the model to speak."""
        closed = {"add_generation_prompt": False, "continue_final_message": False}
        said = self._encode(messages, {**options, **closed})
        pairs = enumerate(zip(ids, said, strict=False))
        return next((n for n, (one, other) in pairs if one != other), min(len(ids), len(said)))

    def _fitting(
        self, whole: Messages, limit: int, options: dict[str, Any]
    ) -> tuple[Messages, list[int]]:
        ids = self._encode(whole, options)
        if len(ids) <= limit:
            return whole, ids
        system = [message for message in whole if message["role"] == "system"]
        others = [message for message in whole if message["role"] != "system"]
        low, high = 1, max(1, len(others) - 1)  # how many of the oldest to drop
        while low < high:
            middle = (low + high) // 2
            if len(self._encode(system + others[middle:], options)) <= limit:
                high = middle
            else:
                low = middle + 1
        rest = _from_user(others[low:]) if len(others) > 1 else others
        ids = self._encode(system + rest, options)
        if len(ids) > limit and rest:
            rest, ids = self._cut_front(system, rest[-1], limit, options)
        if len(ids) > limit:
            raise PromptTooLong(model=self._ref, found=len(ids), limit=limit)
        return system + rest, ids

    def _cut_front(
        self, system: Messages, last: dict[str, Any], limit: int, options: dict[str, Any]
    ) -> tuple[Messages, list[int]]:
        """Keep the longest end of the last message that fits."""
        content = last["content"]
        low, high = 0, len(content)  # characters to keep
        best: tuple[Messages, list[int]] | None = None
        while low < high:
            middle = (low + high + 1) // 2
            rest = [{**last, "content": content[len(content) - middle :]}]
            ids = self._encode(system + rest, options)
            if len(ids) <= limit:
                low, best = middle, (rest, ids)
            else:
                high = middle - 1
        return best or ([last], self._encode([*system, {**last, "content": ""}], options))

    def _encode(self, messages: Messages, options: dict[str, Any]) -> list[int]:
        from jinja2 import TemplateError

        try:
            return self._apply(messages, options)
        except (TemplateError, ValueError):
            pass  # some templates know no system role, or insist on alternating ones
        try:
            return self._apply(_plain(messages), options)
        except (TemplateError, ValueError) as error:
            detail = f"its chat template does not take this conversation ({error})"
            raise ModelRefused(model=self._ref, detail=detail) from None

    def _apply(self, messages: Messages, options: dict[str, Any]) -> list[int]:
        wanted = {"add_generation_prompt": True, "tokenize": True, "return_dict": True, **options}
        pictures = [one for message in messages for one in message.get("images", ())]
        if self._eyes is not None:
            messages = [self._eyes.listed(message) for message in messages]
        if self._eyes is None or not pictures:
            encoded = self._tokenizer.apply_chat_template(messages, **wanted)
            return list(encoded["input_ids"])
        wanted |= {"tokenize": False, "return_dict": False}
        text = self._tokenizer.apply_chat_template(messages, **wanted)
        ids, features = self._eyes.read(text, pictures)
        self._features[tuple(ids)] = features
        return ids

    def _opens_thought(self, ids: list[int]) -> bool:
        return str(self._tokenizer.decode(ids[-4:])).rstrip().endswith("<think>")

    def _tame(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message whose text cannot pose as the template's own marks."""
        tamed = {**message, "content": self._tamed(message["content"])}
        if "images" in message and self._eyes is not None:
            tamed["images"] = self._eyes.opened(message["images"])
        if "tool_calls" in message:
            calls = json.dumps(message["tool_calls"], ensure_ascii=False)
            tamed["tool_calls"] = json.loads(self._tamed(calls))
        return tamed

    def _tamed(self, text: str) -> str:
        for mark in self._marks:
            text = text.replace(mark, f"{mark[0]}\u200b{mark[1:]}")
        return text


def _from_user(messages: Messages) -> Messages:
    """Without answers at the front whose question was dropped (but never nothing)."""
    start = next((n for n, message in enumerate(messages) if message["role"] == "user"), None)
    return messages[start:] if start is not None else messages[-1:]


def _plain(messages: Messages) -> Messages:
    """The system text inside the first user message, and strictly alternating roles."""
    plain: Messages = []
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if plain and plain[-1]["role"] == role:
            plain[-1]["content"] += "\n\n" + message["content"]
            plain[-1]["images"] += message.get("images", [])
        else:
            images = list(message.get("images", ()))
            plain.append({"role": role, "content": message["content"], "images": images})
    return plain
