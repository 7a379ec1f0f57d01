"""The running mean of the weights, which answers better than the last step's."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

KEPT = 0.99  # of the mean at a step: it spans about a hundred steps
_FILE = "average.safetensors"


class Average:
    """Follows a model's weights from step to step."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.weights = {name: one.detach().clone() for name, one in model.named_parameters()}

    def follow(self, model: torch.nn.Module) -> None:
        """Take in the weights of one more step."""
        for name, one in model.named_parameters():
            self.weights[name].lerp_(one.detach(), 1 - KEPT)

    def give(self, model: torch.nn.Module) -> None:
        """Put the mean in the place of the model's own weights."""
        for name, one in model.named_parameters():
            one.data.copy_(self.weights[name])

    def save(self, folder: Path) -> None:
        """Write the mean beside the state of the run."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(self.weights, folder / _FILE)

    def load(self, folder: Path) -> None:
        """Read it back; without one the model's own weights stay."""
        if (folder / _FILE).exists():
            self.weights = load_file(folder / _FILE)
