"""Numbered steps from each schema to the next, run at start (core/store/migrate.py)."""
