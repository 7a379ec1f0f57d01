"""The OpenAI-compatible API: rooms, agents and models for programs that speak to OpenAI."""
