"""The mark at the top of the sidebar and in the browser's tab."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_FONT = "Inter, 'Noto Sans JP', 'Noto Sans CJK JP', system-ui, sans-serif"


@lru_cache(maxsize=1)
def icon() -> str:
    """The roof and the veranda, as an SVG document."""
    return (Path(__file__).parent / "icon.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=2)
def wordmark(*, dark: bool) -> str:
    """The icon with the name beside it."""
    ink = "#EDE9E2" if dark else "#2A2723"
    mark = icon().replace("<svg ", '<svg width="64" height="64" ')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 250 64" width="250" height="64">'
        f'{mark}<text x="80" y="44" font-family="{_FONT}" font-size="36" font-weight="600" '
        f'fill="{ink}">Engawa</text></svg>'
    )
