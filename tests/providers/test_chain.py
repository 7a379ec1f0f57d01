"""Who answers when models fail, and what is told about it. One small world a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from core.errors import (
    AnswerEmpty,
    ModelMissing,
    ModelNotFound,
    OutOfMemory,
    ProviderError,
    ServerAway,
    StreamBroken,
    explain,
)
from core.messages import PromptMessage
from core.providers.base import Chunk, GenerationOptions, ModelInfo
from core.providers.chain import Chosen, Thinking, answer
from core.providers.registry import Registry

Piece = Chunk | Exception
DONE = Chunk(done_reason="stop")


class Small:
    """A provider that says what it is given, per model."""

    def __init__(
        self, name: str, says: dict[str, Sequence[Piece]], host: str | None = None
    ) -> None:
        self.name, self.says, self.elsewhere = name, says, host
        self.asked: list[str] = []
        self.closed = 0

    def models(self) -> list[ModelInfo]:
        return [self.info(ref) for ref in self.says]

    def info(self, ref: str) -> ModelInfo:
        local = self.elsewhere is None
        return ModelInfo(ref, ref, self.name, 1, 1, frozenset(), local, self.elsewhere)

    def stream(
        self, ref: str, messages: Any, options: Any, cancel: threading.Event
    ) -> Iterator[Chunk]:
        self.asked.append(ref)
        try:
            for piece in self.says[ref]:
                if isinstance(piece, Exception):
                    raise piece
                if cancel.is_set():
                    return
                yield piece
        finally:
            self.closed += 1

    def warm(self, ref: str) -> None:
        return

    def close(self) -> None:
        return


def starter(*pieces: Piece) -> Small:
    return Small("starter", {"starter": pieces or (Chunk("I am the starter."), DONE)})


def run(
    chain: Sequence[str], *providers: Small, cancel: threading.Event | None = None
) -> list[Any]:
    def prompt_for(ref: str, _context_tokens: int) -> list[PromptMessage]:
        return [PromptMessage("user", f"to {ref}")]

    stopping = cancel or threading.Event()
    return list(answer(Registry(providers), chain, prompt_for, GenerationOptions(), stopping))


def test_the_first_answers_and_no_reason_is_given() -> None:
    box = Small("box", {"box:a": [Chunk("hello"), Chunk(" you"), DONE]})
    pieces = run(["box:a"], box, starter())
    assert pieces == [Chosen("box:a"), Chunk("hello"), Chunk(" you"), DONE]


def test_the_starter_is_the_last_resort_and_says_why() -> None:
    away = ServerAway(model="box:a", server="http://127.0.0.1:1")
    pieces = run(["box:a"], Small("box", {"box:a": [away]}), starter())
    chosen = pieces[0]
    assert (chosen.ref, chosen.reason.code) == ("starter", "fallback")
    assert chosen.reason.params == {
        "wanted": "box:a",
        "used": "starter",
        "cause": {
            "code": "server_away",
            "params": {"model": "box:a", "server": "http://127.0.0.1:1"},
        },
    }
    assert explain(chosen.reason, "en") == (
        "box:a did not answer (box:a is away: http://127.0.0.1:1 does not answer), so starter did."
    )


def test_the_cause_is_the_first_models_also_further_down() -> None:
    box = Small(
        "box",
        {
            "box:a": [OutOfMemory(model="box:a", detail="9 GiB")],
            "box:b": [ModelMissing(model="box:b")],
            "box:c": [Chunk("c"), DONE],
        },
    )
    chosen = run(["box:a", "box:b", "box:c"], box, starter())[0]
    assert chosen.ref == "box:c"
    assert chosen.reason.params["cause"]["code"] == "out_of_memory"


NO_TEXT = {
    "only thoughts": [Chunk(reasoning="hm"), ServerAway(model="m", server="s")],
    "thoughts, then the end": [Chunk(reasoning="hm"), DONE],
    "only blanks": [Chunk(" "), Chunk("\n"), DONE],
    "nothing": [DONE],
    "empty": [AnswerEmpty(model="m")],
    "ends without done": [Chunk(" ")],
}


@pytest.mark.parametrize("what", NO_TEXT)
def test_thoughts_and_blanks_are_no_answer(what: str) -> None:
    box = Small("box", {"box:a": NO_TEXT[what]})
    thoughts, pieces = _apart(run(["box:a"], box, starter()))
    assert thoughts == ([Thinking("box:a")] if "thoughts" in what else [])
    assert pieces[0].ref == "starter"
    assert [piece for piece in pieces[1:] if piece.reasoning or not piece.text.strip()] == [DONE]
    assert box.closed == 1


def test_thoughts_and_blanks_before_the_text_are_kept() -> None:
    said = [Chunk(reasoning="hm"), Chunk(reasoning="so"), Chunk("\n"), Chunk("yes"), DONE]
    pieces = run(["box:a"], Small("box", {"box:a": said}), starter())
    assert pieces == [Thinking("box:a"), Chosen("box:a"), *said]


def _apart(pieces: list[Any]) -> tuple[list[Any], list[Any]]:
    thoughts = [piece for piece in pieces if isinstance(piece, Thinking)]
    return thoughts, [piece for piece in pieces if piece not in thoughts]


@pytest.mark.parametrize(
    "broken", [[ServerAway(model="box:a", server="s")], []], ids=["error", "ends without done"]
)
def test_after_the_first_text_there_is_no_way_back(broken: list[Piece]) -> None:
    box = Small("box", {"box:a": [Chunk("hel"), *broken]})
    last = starter()
    pieces: list[Any] = []
    stream = answer(
        Registry([box, last]),
        ["box:a"],
        lambda _ref, _tokens: [],
        GenerationOptions(),
        threading.Event(),
    )
    with pytest.raises(ProviderError) as raised:
        pieces.extend(stream)
    assert pieces == [Chosen("box:a"), Chunk("hel")]
    assert type(raised.value) in (ServerAway, StreamBroken)
    assert last.asked == []


def test_when_none_answers_the_first_error_is_told() -> None:
    box = Small("box", {"box:a": [ModelMissing(model="box:a")]})
    with pytest.raises(ModelMissing):
        run(["box:a"], box, starter(ServerAway(model="starter", server="s")))


def test_an_unknown_provider_is_passed_over() -> None:
    pieces = run(["nobody:x"], starter())
    assert pieces[0].ref == "starter"
    assert pieces[0].reason.params["cause"]["code"] == "model_not_found"
    with pytest.raises(ModelNotFound):
        run(["nobody:x"])


def test_a_prompt_that_fails_counts_as_the_models_failure() -> None:
    def prompt_for(ref: str, _context_tokens: int) -> list[PromptMessage]:
        if ref == "box:a":
            raise ServerAway(model=ref, server="s")
        return []

    registry = Registry([Small("box", {"box:a": [Chunk("a"), DONE]}), starter()])
    pieces = answer(registry, ["box:a"], prompt_for, GenerationOptions(), threading.Event())
    chosen = next(pieces)
    assert isinstance(chosen, Chosen)
    assert chosen.ref == "starter"
    assert chosen.reason is not None
    assert chosen.reason.params["cause"]["code"] == "server_away"


def test_only_models_of_the_chain_are_asked() -> None:
    """Another provider is there and could answer; nobody put it into the chain."""
    cloud = Small("cloud", {"cloud:x": [Chunk("hi"), DONE]}, host="api.example.com")
    box = Small("box", {"box:a": [ServerAway(model="box:a", server="s")]})
    assert run(["box:a"], box, cloud, starter())[0].ref == "starter"
    assert cloud.asked == []


def test_an_answer_from_elsewhere_names_the_host() -> None:
    cloud = Small("cloud", {"cloud:x": [Chunk("hi"), DONE]}, host="api.example.com")
    assert run(["cloud:x"], cloud, starter())[0] == Chosen("cloud:x", host="api.example.com")


def test_each_model_is_asked_once_and_the_starter_only_where_it_stands() -> None:
    box = Small("box", {"box:a": [AnswerEmpty(model="box:a")]})
    failing = starter(ServerAway(model="starter", server="s"))
    with pytest.raises(AnswerEmpty):
        run(["box:a", "starter", "box:a"], box, failing)
    assert (box.asked, failing.asked) == (["box:a"], ["starter"])


def test_stopped_before_the_first_text_nothing_is_said_and_nobody_else_asked() -> None:
    cancel = threading.Event()
    cancel.set()
    box, last = Small("box", {"box:a": [Chunk("a"), DONE]}), starter()
    assert run(["box:a"], box, last, cancel=cancel) == []
    assert last.asked == []


def test_stopped_in_the_middle_it_ends_without_done() -> None:
    cancel = threading.Event()
    box = Small("box", {"box:a": [Chunk("a"), Chunk("b"), DONE]})
    stream = answer(
        Registry([box, starter()]), ["box:a"], lambda _ref, _tokens: [], GenerationOptions(), cancel
    )
    assert [next(stream), next(stream)] == [Chosen("box:a"), Chunk("a")]
    cancel.set()
    assert list(stream) == []


def test_closing_the_answer_closes_the_models_stream() -> None:
    box = Small("box", {"box:a": [Chunk("a"), Chunk("b"), DONE]})
    stream = answer(
        Registry([box, starter()]),
        ["box:a"],
        lambda _ref, _tokens: [],
        GenerationOptions(),
        threading.Event(),
    )
    next(stream)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert box.closed == 1


def test_an_unfinished_answer_with_nothing_to_add_is_whole() -> None:
    begun = PromptMessage("assistant", "All is said.", unfinished=True)
    for nothing in ([DONE], [AnswerEmpty(model="box:a")]):
        box = Small("box", {"box:a": nothing})
        registry = Registry([box, starter()])
        pieces = list(
            answer(
                registry,
                ["box:a"],
                lambda _model, _tokens: [begun],
                GenerationOptions(),
                threading.Event(),
            )
        )
        assert [one.ref for one in pieces if isinstance(one, Chosen)] == ["box:a"]
        assert [one for one in pieces if isinstance(one, Chunk)] == [DONE]
        assert box.closed == 1
