"""The parts of the training run that can be wrong without a word."""

from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@pytest.mark.parametrize("shape", [(96, 32), (32, 96)])
def test_a_step_is_nearly_orthogonal_whatever_the_shape(shape: tuple[int, int]) -> None:
    import torch

    from core.starter.muon import orthogonal

    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape) * 1e-4))
    assert values.min() > 0.4
    assert values.max() < 1.4


def test_a_step_goes_down_the_slope() -> None:
    import torch

    from core.starter.muon import Muon

    torch.manual_seed(0)
    weights = torch.nn.Parameter(torch.randn(16, 24))
    target, tool = torch.randn(16, 24), Muon([weights], 0.2)
    losses = []
    for _ in range(60):
        loss = (weights - target).square().mean()
        loss.backward()
        tool.step()
        tool.zero_grad()
        losses.append(float(loss))
    assert losses[-1] < 0.1 * losses[0]


def test_the_mean_of_the_weights_survives_a_stop(tmp_path: Path) -> None:
    import torch

    from core.starter.average import KEPT, Average

    model = torch.nn.Linear(2, 1, bias=False)
    model.weight.data.fill_(1.0)
    average = Average(model)
    model.weight.data.fill_(2.0)
    average.follow(model)
    average.save(tmp_path)
    again = Average(model)
    again.load(tmp_path)
    again.give(model)
    assert model.weight.tolist()[0] == pytest.approx([2 - KEPT, 2 - KEPT])


def test_drills_copy_what_stands_in_them() -> None:
    import random

    from core.starter import tokenizer
    from core.starter.batches import card
    from core.starter.train import STARTER

    codec = tokenizer.load(STARTER)
    for seed in range(50):
        ids, said, _intents = card(codec, random.Random(seed))
        lines = codec.decode([one for one, own in zip(ids, said, strict=True) if own])
        system = codec.decode(ids, skip_special_tokens=False).split("<|user|>")[0]
        for line in lines.splitlines():
            assert line.partition(": ")[2] in system


def test_a_reply_begins_with_its_intent_and_the_helper_is_not_exported(tmp_path: Path) -> None:
    import random

    from safetensors import safe_open

    from core.starter import dialogue, tokenizer
    from core.starter.batches import encode
    from core.starter.intents import NOWHERE, number_of
    from core.starter.train import STARTER, build, export

    codec = tokenizer.load(STARTER)
    talk = dialogue.draw(random.Random(3))
    row = encode(codec, talk)
    assert len(row.ids) == len(row.said) == len(row.intents)
    begins = [at for at, intent in enumerate(row.intents) if intent != NOWHERE]
    told = [number_of(turn.intent, turn.topic) for turn in talk.turns[1::2]]
    assert [row.intents[at] for at in begins] == told
    assert {codec.id_to_token(row.ids[at]) for at in begins} == {tokenizer.ASSISTANT}
    export(build(codec.get_vocab_size()), tmp_path)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        assert not [name for name in file.keys() if "reader" in name]  # noqa: SIM118


def _learns_alone(number: int, folder: str) -> None:
    """One of two workers; the second has nothing to learn for half of the model."""
    import torch

    from core.starter.workers import average_gradients, meet

    meet(number, 2)
    model = torch.nn.ModuleList([torch.nn.Linear(1, 1, bias=False) for _ in range(2)])
    for part in list(model)[: 2 - number]:
        part(torch.ones(1, 1)).sum().backward()
    average_gradients(model)
    Path(folder, str(number)).write_text(str([part.weight.grad.item() for part in model]))


def test_workers_agree_when_one_has_nothing_for_a_part_of_the_model(tmp_path: Path) -> None:
    import torch

    torch.multiprocessing.spawn(_learns_alone, (str(tmp_path),), nprocs=2)
    assert [(tmp_path / name).read_text() for name in "01"] == ["[1.0, 0.5]"] * 2
