"""The documentation names every route."""

from __future__ import annotations

from core.api.app import create_app
from core.api.mount import is_api_path
from core.paths import PROJECT


def test_every_route_has_its_heading() -> None:
    pages = (PROJECT / "docs").glob("*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)

    def never() -> None:
        raise AssertionError

    for path, methods in create_app(never).openapi()["paths"].items():
        assert is_api_path(path), f"{path} would be answered by the screens"
        for method in methods:
            assert f"### `{method.upper()} {path}`" in text, f"{method.upper()} {path}"
