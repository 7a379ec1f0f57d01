"""`python -m tests.rooms.limits.fit_meaning`: find what the installed encoder's numbers weigh.

The English lines that `fit` compares are compared by their vectors, and the weights written down.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.embedding import Encoder
from core.rooms.limits import meaning
from core.rooms.limits.wording import JAPANESE, folded
from core.settings import load_settings
from tests.rooms.limits import fit

STRENGTH = 3.0
AT_ONCE = 64  # lines


def main() -> None:
    """Encode, weigh, write."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder))
        settings.paths.prepare()
        encoder = Encoder(settings)
        try:
            found = {"encoder": encoder.name, **weigh(encoder, _lines())}
        finally:
            encoder.close()
    meaning.WEIGHTS.write_text(json.dumps(found) + "\n", "utf-8")


def weigh(encoder: meaning.Encoding, lines: dict[str, bool]) -> dict[str, Any]:
    """What each number of a vector weighs for a courtesy, and the bias."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    texts: Sequence[str] = list(lines)
    vectors = np.concatenate(
        [encoder.encode(texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
    )
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=500)
    model.fit(vectors, list(lines.values()))
    weights = [round(float(one), 3) for one in model.coef_[0]]
    return {"bias": round(float(model.intercept_[0]), 3), "weights": weights}


def _lines() -> dict[str, bool]:
    """Each line, and whether it is a courtesy."""
    return {
        line.text: one.loop or fit.is_courtesy(folded(line.text))
        for one in fit.written_talks()
        for line in one.lines
        if not one.start and not JAPANESE.search(line.text)
    }


if __name__ == "__main__":
    main()
