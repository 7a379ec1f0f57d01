"""What a server says when a model could not be fetched or made, as one of our errors."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.errors import (
    AdaptersGone,
    DigestWrong,
    ModelMissing,
    ModelRefused,
    NoRoomOnDisk,
    NotAModel,
    NotInSource,
    ProviderError,
    ServerFault,
    SourceAway,
    TransferBroken,
)
from core.providers.faults import from_text, shortened

LIBRARY = "ollama.com"

_Make = Callable[[str, str], ProviderError]


def _source_away(ref: str, detail: str) -> ProviderError:
    found = re.search(r"https?://([^/\"\s]+)", detail)
    return SourceAway(model=ref, server=found[1] if found else LIBRARY, detail=detail)


# The first match wins. `model "m" not found` means an installed one, “file does not exist” one
# of the library.
_WORDINGS: tuple[tuple[str, _Make], ...] = (
    (
        r"no space left|disk (is )?full|not enough space",
        lambda m, d: NoRoomOnDisk(model=m, detail=d),
    ),
    (r"digest mismatch", lambda m, _d: DigestWrong(model=m, file="a layer")),
    (
        r"file does not exist|manifest unknown|manifest.*not found",
        lambda m, _d: NotInSource(model=m, server=LIBRARY),
    ),
    (
        r"connection refused|no such host|network is unreachable|dial tcp|i/o timeout"
        r"|TLS handshake|no route to host|connection reset|server misbehaving",
        _source_away,
    ),
    (
        r"not in GGUF format|invalid file magic|unknown (tokenizer format|type)|no such file"
        r"|unsupported architecture|unexpected EOF|neither 'from' or 'files'|no safetensors",
        lambda m, d: NotAModel(model=m, file=m, detail=d),
    ),
    (r"adapters? .*(no longer|not) supported", lambda m, _d: AdaptersGone(model=m, version="")),
    (r"^model ['\"].*['\"] not found", lambda m, _d: ModelMissing(model=m)),
    (
        r"invalid (model name|digest)|template error|unsupported quantization|must be of type"
        r"|missing request body|already exists|only supported for F16 and F32",
        lambda m, d: ModelRefused(model=m, detail=d),
    ),
    (r"^EOF$|max retries exceeded|stalled", lambda m, d: TransferBroken(model=m, detail=d)),
)


def meant(ref: str, text: str, status: int = 200) -> ProviderError:
    """The error for a line or an answer of the server; `status` is that of the answer."""
    detail = shortened(text)
    for pattern, make in _WORDINGS:
        if re.search(pattern, detail, re.IGNORECASE):
            return make(ref, detail)
    if status == 400:
        return ModelRefused(model=ref, detail=detail)
    found = from_text(ref, detail)
    return found if not isinstance(found, ServerFault) else ServerFault(model=ref, detail=detail)
