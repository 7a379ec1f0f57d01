"""Engawa's engine: rooms, agents, models and storage, without any screen."""

__version__ = "0.1.0"
