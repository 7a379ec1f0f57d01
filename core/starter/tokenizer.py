"""The starter's own tokenizer: byte-level BPE that splits names alike everywhere.

Capitalised words stand apart from the space before them, and kana apart from a
following さん, so that a name has the same tokens wherever it is said: copying it
is then copying. Any Unicode text survives the round trip, by bytes if need be.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from core.starter import dialogue, names
from core.starter.wording_files import LANGUAGES, WORDING

VOCABULARY = 6144
PAD, END, SYSTEM, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
SPECIAL = [PAD, END, SYSTEM, USER, ASSISTANT]
CONTEXT = 1024  # tokens

_HONORIFIC = r"(?:さん|ちゃん|くん)"
_SPLIT = "|".join(
    (
        r"'(?:s|t|re|ve|m|ll|d)(?![\p{L}])",
        r" I(?![\p{L}])",
        r" ?[\p{Ll}]+",
        r"\p{Lu}\p{Ll}*",
        r"\p{N}",
        _HONORIFIC,
        rf"[ぁ-ゖ]+?(?={_HONORIFIC})",
        r"[ぁ-ゖ]+",
        r"[ァ-ヺー]+",
        r"\p{Han}+",
        r"\p{L}+",
        r"\n",
        r" ?[^\s\p{L}\p{N}]+",
        r"\s",
    )
)

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{ '<|' + message['role'] + '|>' + (message['content'] | trim) + '<|end|>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|assistant|>' }}{%- endif -%}"
)


def train(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Tokenizer:
    """Learn the merges from generated texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
        max_token_length=48,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def corpus(seed: int, dialogues: int = 60_000) -> Iterator[str]:
    """Generated texts to learn the merges from: dialogues, names and the wording itself."""
    for talk in itertools.islice(dialogue.stream(seed), dialogues):
        yield talk.system
        yield from (turn.text for turn in talk.turns)
    rng = random.Random(seed)
    for _ in range(dialogues // 3):
        yield "\n".join(names.draw(rng, language, "train") for language in LANGUAGES)
    for path in sorted(WORDING.rglob("*.yaml")):
        yield path.read_text(encoding="utf-8")


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json`, its configuration and the chat template."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    configuration = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": CONTEXT,
        "pad_token": PAD,
        "eos_token": END,
        "additional_special_tokens": [SYSTEM, USER, ASSISTANT],
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
        "truncation_side": "left",
    }
    text = json.dumps(configuration, indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def load(folder: Path) -> Tokenizer:
    """Read a saved tokenizer."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))
