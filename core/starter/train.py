"""Trains the starter on a CPU: `python -m core.starter.train`. Seeded, resumable.

The data are drawn while training, so no dialogue is seen twice. State is written
as safetensors with a marker file last; a state without its marker does not count.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from tqdm import tqdm
from transformers import LlamaConfig, LlamaForCausalLM

from core.starter import tokenizer as words
from core.starter.average import Average
from core.starter.batches import Batch, batches
from core.starter.intents import Reader
from core.starter.muon import Muon
from core.starter.state import Progress, load_state, load_weights, save_state
from core.starter.workers import agreed, average_gradients, meet, rank

STARTER = Path(__file__).parents[2] / "data" / "starter"
STATE = Path(__file__).parents[2] / "data" / "jobs" / "starter-train"
WARMUP = 0.03  # share of the run
FLOOR = 0.03  # of the peak learning rate, at the end
BATCH_TOKENS = 3072  # for each worker
OUTER_RATE = 0.25  # of the rate of the layers, for embeddings and norms
EASY_UNTIL = 0.65  # share of the run; from there on most dialogues are as rooms have them
EASE_LEFT = 0.3  # what stays of single exchanges and drills until the end
INTENT_SHARE = 0.3  # of the loss of telling the intent, beside that of the words


def build(vocabulary: int) -> LlamaForCausalLM:
    """Make the untrained model, about 5.9 million parameters, with a reader of intents."""
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=256,
            num_hidden_layers=5,
            intermediate_size=768,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=words.CONTEXT,
            rope_theta=10_000.0,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=words.SPECIAL.index(words.END),
            pad_token_id=words.SPECIAL.index(words.PAD),
        )
    )
    model.reader = Reader(model.config.hidden_size)
    return model


def optimizers(model: LlamaForCausalLM, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings and norms.

    Embeddings move at a fraction of the rate: at the full one, rare words never settle
    and neither names nor tones are told apart.
    """
    named = dict(model.named_parameters())
    inside = {name for name, p in named.items() if p.ndim == 2 and ".layers." in name}
    inner = [p for name, p in named.items() if name in inside]
    outer = [p for name, p in named.items() if name not in inside]
    return [
        Muon(inner, rate),
        torch.optim.AdamW(outer, lr=rate * OUTER_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def rate_at(share: float) -> float:
    """Learning rate as a share of its peak: a short rise, then a cosine to the floor."""
    if share < WARMUP:
        return max(share / WARMUP, 0.02)
    return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


def loss_of(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """Mean cross entropy over the learned positions, and of the intents where replies begin."""
    out = model.model(batch.ids[:, :-1], output_hidden_states=True)  # each state (B, T-1, C)
    learned = batch.learned[:, 1:]
    said = cross_entropy(model.lm_head(out.last_hidden_state[learned]), batch.ids[:, 1:][learned])
    told = model.reader.loss(out.hidden_states, batch.intents[:, :-1])
    return said + INTENT_SHARE * told


def export(model: LlamaForCausalLM, folder: Path) -> None:
    """Write the model as Transformers loads it, with its sampling defaults."""
    del model.reader
    model.generation_config.update(
        do_sample=True, temperature=0.3, top_p=0.9, top_k=20, max_new_tokens=120,
        no_repeat_ngram_size=0, repetition_penalty=1.0,
        eos_token_id=words.SPECIAL.index(words.END), pad_token_id=words.SPECIAL.index(words.PAD),
    )  # fmt: skip
    model.save_pretrained(folder)


def run(
    model: LlamaForCausalLM,
    codec: Tokenizer,
    options: argparse.Namespace,
    at: Progress,
    tools: list[torch.optim.Optimizer],
) -> None:
    """Train until the steps or the minutes are used up, writing state as it goes.

    At the end the model has the mean of its last weights.
    """
    average = Average(model)
    if options.resume:
        average.load(options.state)
    first = rank() == 0
    began = time.monotonic() - at.elapsed_s
    bar = tqdm(total=options.steps or None, initial=at.step, mininterval=5, disable=not first)
    mean = 0.0
    stream = _stream(codec, options, at)
    share, saved = agreed(_share(options, at)), at.pool
    while share < 1:
        for tool, part in zip(tools, (1.0, OUTER_RATE), strict=True):
            for group in tool.param_groups:
                group["lr"] = options.rate * part * rate_at(share)
        loss = _step(model, next(stream), tools)
        average.follow(model)
        at.step += 1
        at.elapsed_s = time.monotonic() - began
        mean = 0.98 * mean + 0.02 * loss if mean else loss
        bar.update()
        bar.set_postfix(loss=f"{mean:.3f}", done=f"{share:.0%}", refresh=False)
        share = agreed(_share(options, at))
        if first and (share >= 1 or at.pool - saved >= options.save_every):
            average.save(options.state)
            save_state(options.state, model, tools, at)
            saved = at.pool
    average.give(model)
    bar.close()


def _stream(codec: Tokenizer, options: argparse.Namespace, at: Progress) -> Iterator[Batch]:
    """Batches without end; each worker draws pools of its own."""
    while True:
        ease = max(EASE_LEFT, 1 - _share(options, at) / EASY_UNTIL)
        index = at.pool * options.threads + rank()
        yield from batches(codec, options.seed, index, BATCH_TOKENS, ease)
        at.pool += 1


def _step(model: LlamaForCausalLM, batch: Batch, tools: list[torch.optim.Optimizer]) -> float:
    loss = loss_of(model, batch)
    loss.backward()
    average_gradients(model)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for tool in tools:
        tool.step()
        tool.zero_grad()
    return float(loss.item())


def _share(options: argparse.Namespace, at: Progress) -> float:
    by_steps = at.step / options.steps if options.steps else 0.0
    by_time = at.elapsed_s / 60 / options.minutes if options.minutes else 0.0
    return max(by_steps, by_time)


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; raises SystemExit(2) on a wrong one."""
    parser = argparse.ArgumentParser("python -m core.starter.train", description=__doc__)
    parser.add_argument("--steps", type=int, default=0, help="stop after so many steps")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes")
    parser.add_argument("--threads", type=int, default=2, help="workers of one thread each")
    parser.add_argument("--out", type=Path, default=STARTER, help="folder of the finished model")
    parser.add_argument("--state", type=Path, default=STATE, help="folder of the training state")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3e-3, help="peak learning rate")
    parser.add_argument("--save-every", type=int, default=10, help="pools between two states")
    parser.add_argument("--resume", action="store_true", help="go on from the stored state")
    parser.add_argument("--init", type=Path, help="folder with weights to start from")
    options = parser.parse_args(given)
    if not options.steps and not options.minutes:
        options.steps = 6000
    return options


def work(number: int, options: argparse.Namespace) -> None:
    """Be one of the workers, each with one thread; the first writes the model."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    meet(number, options.threads)
    codec = words.load(options.out)
    model = build(codec.get_vocab_size())
    model.train()
    tools = optimizers(model, options.rate)
    at = Progress(options.seed)
    if options.resume:
        at = load_state(options.state, model, tools)
    elif options.init:
        load_weights(model, options.init)
    run(model, codec, options, at, tools)
    if number == 0:
        export(model, options.out)


def main(given: list[str] | None = None) -> None:
    """Train and write the model."""
    options = arguments(given)
    if not (options.out / "tokenizer.json").exists():
        words.save(words.train(words.corpus(options.seed)), options.out)
    if options.threads == 1:
        work(0, options)
    else:
        torch.multiprocessing.spawn(work, (options,), nprocs=options.threads)


if __name__ == "__main__":
    main()
