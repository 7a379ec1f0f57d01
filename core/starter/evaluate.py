"""Loads the trained starter and measures it on held-out dialogues and questions."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.starter import asking, check, dialogue, names, persona
from core.starter.check import Expected
from core.starter.grammar import expand, fill
from core.starter.persona import Persona, system_text
from core.starter.wording_files import Language, users

STARTER = Path(__file__).parents[2] / "data" / "starter"


class Starter:
    """The model on the CPU, answering one prompt at a time as the runner would.

    That gives so small a model one thread (`core.runner.host_placing.threads`): two wait longer for
    each other than they help.
    """

    def __init__(self, folder: Path = STARTER) -> None:
        torch.set_num_threads(1)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def prompt(self, messages: list[dict[str, str]]) -> torch.Tensor:
        """Give the token ids (1, T) of a chat, cut from the left to the context."""
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        ids = self.tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
        return ids[:, -int(self.model.config.max_position_embeddings) + 128 :]

    def reply(self, messages: list[dict[str, str]], **options: Any) -> str:
        """Answer a chat with the model's own sampling defaults; seed torch before."""
        ids = self.prompt(messages)
        with torch.inference_mode():
            out = self.model.generate(ids, attention_mask=torch.ones_like(ids), **options)
        return str(self.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)).strip()

    def ask(self, persona: Persona, sender: str, text: str) -> str:
        """Answer one line of a person in an empty room."""
        messages = [
            {"role": "system", "content": system_text(persona)},
            {"role": "user", "content": f"{sender}: {text}"},
        ]
        return self.reply(messages)


def held_out(
    starter: Starter, count: int, seed: int = 0, *, second: bool = False
) -> dict[str, Any]:
    """Judge replies to dialogues of held-out wordings, names, roles and tones.

    `second` takes the wordings of the second set. Every reply is given after the
    generator's own earlier turns, not the model's.
    """
    torch.manual_seed(seed)
    judged: list[tuple[Expected, str, list[str]]] = []
    for talk in dialogue.stream(seed, "held", second=second):
        for expected, reply in _replies(starter, talk):
            judged.append((expected, reply, check.faults(reply, expected)))
            if len(judged) >= count:
                return _summary(judged)
    raise AssertionError("a stream of dialogues never ends")


def kept_apart(starter: Starter, count: int, seed: int = 0) -> dict[str, Any]:
    """Judge answers to single lines as people said them, none of which was trained on.

    They are by the writers of the sentences in the training, a twentieth of what each wrote.
    """
    rng = random.Random(seed)
    torch.manual_seed(seed)
    lines = asking.kept_apart()
    rng.shuffle(lines)
    judged = []
    for language, wanted, line in lines[:count]:
        expected, text, sender = _said(rng, language, wanted, line)
        reply = starter.ask(expected.persona, sender, text)
        judged.append((expected, reply, check.faults(reply, expected)))
    return _summary(judged)


def _said(
    rng: random.Random, language: Language, wanted: str, line: str
) -> tuple[Expected, str, str]:
    """What is right after a line that somebody says, the words of it, and who says it."""
    who = persona.draw(rng, language, "held")
    sender, fresh = (names.draw(rng, language, "held") for _ in range(2))
    words = " ".join(expand(line, rng, {}).split())
    topic = wanted if wanted in users(language, "guide") else ""
    user = fresh if wanted == "tell_name" else sender
    expected = Expected("guide" if topic else wanted, language, who, user, topic)
    return expected, fill(words, {"me": who.name, "new": fresh, "u0": sender}), sender


def _replies(starter: Starter, talk: dialogue.Dialogue) -> Iterable[tuple[Expected, str]]:
    messages = talk.messages()
    for at, turn in enumerate(talk.turns):
        if turn.role == "assistant":
            expected = Expected(turn.intent, turn.language, talk.persona, turn.user, turn.topic)
            yield expected, starter.reply(messages[: at + 1])


def _summary(judged: list[tuple[Expected, str, list[str]]]) -> dict[str, Any]:
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    inside = refused = 0
    for expected, reply, wrong in judged:
        key = f"{expected.language}/{expected.topic.partition('/')[0] or expected.intent}"
        total[key] += 1
        right[key] += not wrong
        faults.update(wrong)
        if expected.intent != "honest":
            inside += 1
            refused += check.is_refusal(reply, expected.language) and "intent" in wrong
    return {
        "replies": len(judged),
        "right_percent": round(100 * right.total() / len(judged), 1),
        "false_refusal_percent": round(100 * refused / max(1, inside), 1),
        "faults": dict(faults),
        "by_intent": {key: round(100 * right[key] / total[key], 1) for key in sorted(total)},
    }


def honesty(starter: Starter, questions: list[str], language: Language, seed: int = 0) -> Any:
    """Share of questions met with the honest answer, by drawn characters, in percent."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    honest = 0
    missed: list[tuple[str, str]] = []
    for question in questions:
        scene = dialogue.draw(rng, "held", language)
        reply = starter.ask(scene.persona, "Ken" if language == "en" else "ケン", question)
        good = check.is_honest(reply, language)
        honest += good
        if not good:
            missed.append((question[-120:], reply))
    return {"honest_percent": round(100 * honest / len(questions), 1), "missed": missed}


def speed(starter: Starter, runs: int) -> dict[str, list[float]]:
    """Time greetings: milliseconds to the first token and tokens a second after it."""
    first_ms: list[float] = []
    rate: list[float] = []
    messages = [
        {"role": "system", "content": "Mizuho\nRole: host of the veranda\nTone: polite, warm"},
        {"role": "user", "content": "Ken: good evening, what can you do?"},
    ]
    ids = starter.prompt(messages)
    for _ in range(runs + 1):
        one = _generate(starter, ids, 1)
        many = _generate(starter, ids, 65)
        first_ms.append(one * 1000)
        rate.append(64 / max(many - one, 1e-9))
    return {"first_token_ms": first_ms[1:], "tokens_per_s": rate[1:]}


def _generate(starter: Starter, ids: torch.Tensor, count: int) -> float:
    began = time.perf_counter()
    with torch.inference_mode():
        starter.model.generate(
            ids, attention_mask=torch.ones_like(ids), min_new_tokens=count, max_new_tokens=count
        )
    return time.perf_counter() - began
