"""`python -m core …`: see core.cli."""

from __future__ import annotations

from core.cli.app import main

if __name__ == "__main__":
    raise SystemExit(main())
