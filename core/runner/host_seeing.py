"""Pictures for models that see: their processor, and what a prompt with pictures becomes."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import ModelRefused

Features = Mapping[str, Any]
"""What the model reads beside the tokens: tensors by the names of its forward."""


class Eyes:
    """A model's own processor, which turns pictures into numbers and their places in the text."""

    def __init__(self, processor: Any, ref: str) -> None:
        self._processor, self._ref = processor, ref
        mark = getattr(processor, "image_token", None)
        self.marks = [mark] if isinstance(mark, str) and len(mark) > 1 else []

    def opened(self, pictures: Sequence[str]) -> list[Any]:
        """The pictures of a message, from base64.

        Raises:
            ModelRefused: one of them is none.
        """
        from PIL import Image

        found = []
        for number, picture in enumerate(pictures, 1):
            try:
                content = io.BytesIO(base64.b64decode(picture))
                found.append(Image.open(content).convert("RGB"))
            except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
                detail = f"picture {number} cannot be read"
                raise ModelRefused(model=self._ref, detail=detail) from None
        return found

    def listed(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A message as the templates of such models take it: a list of parts, pictures first."""
        parts: list[dict[str, Any]] = [{"type": "image"} for _one in message.get("images", ())]
        parts.append({"type": "text", "text": message["content"]})
        rest = {name: value for name, value in message.items() if name != "images"}
        return {**rest, "content": parts}

    def read(self, text: str, pictures: Sequence[Any]) -> tuple[list[int], Features]:
        """The tokens of a text with its pictures in place, and their numbers."""
        given = {"add_special_tokens": False, "return_tensors": "pt"}
        encoded = dict(self._processor(text=[text], images=[list(pictures)], **given))
        ids = encoded.pop("input_ids")
        return [int(one) for one in ids[0]], encoded


def eyes_of(folder: Path, config: Any, tokenizer: Any, ref: str) -> Eyes:
    """The processor of `folder`; without its part for films, which wants torchvision.

    Raises:
        ModelRefused: it cannot be made here.
    """
    from transformers import AutoImageProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    kind = PROCESSOR_MAPPING[type(config)]

    class WithoutFilms(kind):  # type: ignore[valid-type, misc]
        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            if argument is None:
                return None
            return super().check_argument_for_proper_class(argument_name, argument)

    parts = {
        "image_processor": lambda: AutoImageProcessor.from_pretrained(
            folder, backend="pil", local_files_only=True, trust_remote_code=False
        ),
        "tokenizer": lambda: tokenizer,
    }
    try:
        told, _unused = kind.get_processor_dict(folder, local_files_only=True)
        made = [parts[name]() if name in parts else None for name in kind.get_attributes()]
        return Eyes(WithoutFilms.from_args_and_dict(made, told), ref)
    except (ImportError, KeyError, OSError, TypeError, ValueError) as error:
        line = str(error).strip().partition("\n")[0][:200].rstrip(".")
        raise ModelRefused(model=ref, detail=line or type(error).__name__) from error
