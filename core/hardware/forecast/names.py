"""What the parts of a forecast are called, on screens and in commands alike."""

from __future__ import annotations

from collections.abc import Mapping

from core.text import N_

PARTS: Mapping[str, str] = {
    "weights_bytes": N_("Weights"),
    "kv_bytes": N_("Context"),
    "compute_bytes": N_("Computing"),
    "adapters_bytes": N_("Adapters"),
    "projector_bytes": N_("Pictures"),
    "overhead_bytes": N_("Its process"),
    "correction_bytes": N_("Learned here"),
}
TRAINING_PARTS: Mapping[str, str] = {
    "weights_bytes": N_("Weights"),
    "adapter_bytes": N_("The adapter"),
    "gradient_bytes": N_("Its gradients"),
    "optimiser_bytes": N_("The optimiser's numbers"),
    "activation_bytes": N_("Activations"),
    "logits_bytes": N_("Scores of all words"),
    "overhead_bytes": N_("Its process"),
}
