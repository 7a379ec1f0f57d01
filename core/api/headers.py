"""What every answer tells the browser: load nothing from outside, be framed by nobody."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from pathlib import Path

_PLAIN = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def security_headers(path: str, host: str, page: Path | None) -> list[tuple[bytes, bytes]]:
    """The headers for an answer to `path` on `host`; `page` is the screens' index.html."""
    policy = content_policy(path, host, inline_hashes(page))
    headers = [*_PLAIN, (b"content-security-policy", policy.encode("latin-1", "ignore"))]
    if path.startswith(("/api/", "/v1/")):
        headers.append((b"cache-control", b"no-store"))
    return headers


@lru_cache(maxsize=256)
def _policy(scripts: str, sockets: str) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {scripts}",  # blob: the scripts of our own components
            "style-src 'self' 'unsafe-inline'",  # Streamlit styles its elements as it draws
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' data: blob:",
            "worker-src 'self' blob:",
            f"connect-src 'self' data: blob: {sockets}".rstrip(),
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def content_policy(path: str, host: str, hashes: str) -> str:
    """The Content-Security-Policy: this app's own files and sockets, nothing else."""
    # A bracketed IPv6 host cannot be written in a policy; 'self' covers it where supported.
    sockets = "" if host.startswith("[") else f"ws://{host}"
    in_component = path.startswith("/component/")  # built with scripts inside its page
    return _policy("'unsafe-inline'" if in_component else hashes, sockets)


@lru_cache(maxsize=4)
def inline_hashes(page: Path | None) -> str:
    """The scripts that stand inside `page`, as hashes for the policy; "" when there is none."""
    if page is None or not page.is_file():
        return ""
    found = _INLINE_SCRIPT.findall(page.read_text(encoding="utf-8"))
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in found)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)
