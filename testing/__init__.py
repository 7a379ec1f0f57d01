"""Scripted servers and models, for tests, benchmarks and demonstrations. Public and reusable."""
