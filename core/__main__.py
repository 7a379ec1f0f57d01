"""`python -m core …`: see core.cli."""

from __future__ import annotations

from core.imports import no_collecting

with no_collecting():
    from core.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
