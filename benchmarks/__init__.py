"""Measurements. `python -m core bench NAME [--runs N]` runs one; each file has `run(runs)`."""
