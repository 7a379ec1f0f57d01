"""What a folder's headers tell of its parameters, by what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.runner.folder import inspect_folder
from testing.random_model import make_random_model

COMMON = {
    "vocab_size": 600, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 64,
}  # fmt: skip


@pytest.mark.parametrize("tied", [False, True])
def test_words_are_looked_up_only_where_the_scores_have_numbers_of_their_own(
    tmp_path: Path, tied: bool
) -> None:
    config = {**COMMON, "model_type": "llama", "tie_word_embeddings": tied}
    found = inspect_folder(make_random_model(tmp_path / "m", config), "hf:m")
    assert found.lookup_parameters == (0 if tied else 600 * 32)
    assert found.expert_parameters == 0


def test_experts_that_lie_one_by_one_are_counted(tmp_path: Path) -> None:
    config = {**COMMON, "model_type": "mixtral", "num_local_experts": 4}
    found = inspect_folder(make_random_model(tmp_path / "m", config), "hf:m")
    assert found.expert_parameters == 2 * 4 * 3 * 32 * 48
