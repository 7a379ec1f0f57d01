"""Several workers train one model: each draws its own batches, gradients are averaged.

Workers of one thread each meet once a step. The threads of a single process would
meet after every matrix, and on a busy machine spend their time waiting.
"""

from __future__ import annotations

import os
import tempfile

import torch
from torch import distributed


def meet(number: int, count: int) -> None:
    """Join the other workers; alone there is nothing to join."""
    if count == 1:
        return
    place = os.path.join(tempfile.gettempdir(), f"engawa-starter-{os.getppid()}")
    distributed.init_process_group(
        "gloo", init_method=f"file://{place}", rank=number, world_size=count
    )


def rank() -> int:
    """Which worker this is; 0 is the one that writes."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def agreed(value: float) -> float:
    """The first worker's value, so that all stop at the same step."""
    if not distributed.is_initialized():
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    distributed.broadcast(shared, 0)
    return float(shared.item())


def average_gradients(model: torch.nn.Module) -> None:
    """Replace each worker's gradients by the mean over the workers."""
    if not distributed.is_initialized():
        return
    for p in model.parameters():
        if p.grad is None:  # a batch of exercises alone has no intent to learn from
            p.grad = torch.zeros_like(p)
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for gradient, mean in zip(
        gradients, flat.split([one.numel() for one in gradients]), strict=True
    ):
        gradient.copy_(mean.view_as(gradient))
