"""Models of Ollama servers: asked, listed, fetched, made, and what they cannot do."""
