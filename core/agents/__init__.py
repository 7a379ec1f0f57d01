"""Agents: characters kept as files, their faces, and the prompts that make them speak."""

from core.agents.files import Agents
from core.agents.search import Found
from core.agents.spec import Agent
from core.agents.versions import Version

__all__ = ["Agent", "Agents", "Found", "Version"]
