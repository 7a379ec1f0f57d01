"""Muon for several workers in float32: each orthogonalises its share of the matrices.

PyTorch's own works in bfloat16, which a CPU without instructions for it computes some
forty times slower, and every worker would do the work of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import distributed

_STEPS = 5  # of the Newton-Schulz iteration
_A, _B, _C = 3.4445, -4.7750, 2.0315
_EPSILON = 1e-7


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Bring the singular values of a matrix (M, N) near one; its directions stay."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp(min=_EPSILON)
    for _ in range(_STEPS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=_B, alpha=_C), wide, beta=_A)
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


class Muon(torch.optim.Optimizer):  # type: ignore[misc]
    """Momentum whose step is made orthogonal, as large as AdamW's would be."""

    def __init__(
        self,
        matrices: Iterable[torch.nn.Parameter],
        rate: float,
        *,
        momentum: float = 0.95,
        weight_decay: float = 0.02,
    ) -> None:
        super().__init__(matrices, {"lr": rate, "momentum": momentum, "decay": weight_decay})

    def step(self, closure: None = None) -> None:  # noqa: ARG002
        """Move every matrix by its orthogonal step; all workers come to the same weights."""
        with torch.no_grad():
            for group in self.param_groups:
                self._move(group)

    def _move(self, group: dict[str, Any]) -> None:
        matrices = [matrix for matrix in group["params"] if matrix.grad is not None]
        looks = [self._look(matrix, group["momentum"]) for matrix in matrices]
        for matrix, move in zip(matrices, _shared(looks), strict=True):
            size = 0.2 * max(matrix.shape) ** 0.5
            matrix.mul_(1 - group["lr"] * group["decay"])
            matrix.add_(move, alpha=-group["lr"] * size)

    def _look(self, matrix: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        assert matrix.grad is not None
        state = self.state[matrix]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        state["momentum_buffer"].lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(state["momentum_buffer"], momentum)


def _shared(matrices: list[torch.Tensor]) -> list[torch.Tensor]:
    """Orthogonal forms of all matrices, each worked out by one of the workers."""
    if not distributed.is_initialized():
        return [orthogonal(matrix) for matrix in matrices]
    rank, count = distributed.get_rank(), distributed.get_world_size()
    parts = [
        orthogonal(matrix) if at % count == rank else torch.zeros_like(matrix)
        for at, matrix in enumerate(matrices)
    ]
    flat = torch.cat([part.flatten() for part in parts])
    distributed.all_reduce(flat)
    pieces = flat.split([matrix.numel() for matrix in matrices])
    return [piece.view_as(like) for piece, like in zip(pieces, matrices, strict=True)]
