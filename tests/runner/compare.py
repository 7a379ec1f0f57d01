"""Run by test_equal.py in a process of its own: our loop against transformers' generate.

Prints one JSON line: case → [ours, theirs].
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from core.runner.host_generate import Engine
from core.runner.host_model import Base, load
from core.runner.protocol import Ask

TALK = (
    {"role": "system", "content": "You are Mio, a calm gardener."},
    {"role": "user", "content": "こんにちは。縁側でお茶を飲みませんか。"},
)
MORE = (
    {"role": "assistant", "content": "Gladly."},
    {"role": "user", "content": "Tell me about the garden in autumn."},
)
LONG = ({"role": "user", "content": "縁側 and tea, again and again. " * 40},)


def ours(engine: Engine, ask: Ask) -> tuple[str, Any]:
    answer = engine.answer(ask, lambda: False)
    return "".join(text for _thought, text in answer), answer.outcome


def theirs(base: Base, messages: Any, **options: Any) -> str:
    ids = base.tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=True, return_tensors="pt", return_dict=True
    )["input_ids"]
    whole = base.model.generate(ids, attention_mask=torch.ones_like(ids), **options)
    return str(base.tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True))


def main() -> None:
    base = load(Path(sys.argv[1]), "hf:x")
    engine = Engine(base)
    found: dict[str, list[Any]] = {}
    for name, messages, options in (
        ("short", TALK, {}),
        ("second turn, from kept keys", (*TALK, *MORE), {}),
        ("another conversation", LONG, {}),
        ("back to the first", (*TALK, *MORE), {}),
        ("penalty", TALK, {"repetition_penalty": 1.3}),
    ):
        text, outcome = ours(engine, Ask(messages, 60, 2048, 0.0, extra=options))
        other = theirs(base, messages, max_new_tokens=60, do_sample=False, **options)
        found[name] = [text, other.rstrip("\ufffd")]
        found[f"reused: {name}"] = [outcome.reused_tokens > 8, outcome.reused_tokens > 8]
    again = ours(engine, Ask(TALK, 60, 2048, 1.0, seed=7))[0]
    found["same seed"] = [again, ours(engine, Ask(TALK, 60, 2048, 1.0, seed=7))[0]]
    found["other seed"] = [again, ours(engine, Ask(TALK, 60, 2048, 1.0, seed=8))[0]]
    ask = Ask(TALK, 200, 2048, 0.0, extra={"no_repeat_ngram_size": 3})
    ids = list(engine.tokens(engine.answer(ask, lambda: False)))
    triples = list(zip(ids, ids[1:], ids[2:], strict=False))
    found["triples"] = [len(triples), len(set(triples))]
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    with torch.inference_mode():
        main()
