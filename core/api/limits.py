"""How much a request may carry: little, but for the few addresses that take whole files."""

from __future__ import annotations

from core.agents import pictures
from core.agents.cards import MAX_IMPORT_BYTES

MAX_BODY_BYTES = 1_000_000
MAX_COMPLETION_BYTES = 20_000_000  # long talks, and pictures in them
MAX_DOCUMENT_BYTES = 32_000_000  # about 60,000 messages

_AGENTS = "/api/v1/agents/"
_WHOLE_FILES = {
    "/api/v1/rooms/import": MAX_DOCUMENT_BYTES,
    "/v1/chat/completions": MAX_COMPLETION_BYTES,
    "/v1/embeddings": MAX_COMPLETION_BYTES,
    _AGENTS + "import": MAX_IMPORT_BYTES,
}


def body_limit(path: str, usual: int = MAX_BODY_BYTES) -> int:
    """Bytes that a request to `path` may carry."""
    if path.startswith(_AGENTS) and path.endswith("/avatar"):
        return pictures.MAX_BYTES
    return _WHOLE_FILES.get(path, usual)
