"""Agents: characters kept as files, their faces, and the prompts that make them speak."""

from core.agents.files import Agents
from core.agents.spec import Agent

__all__ = ["Agent", "Agents"]
