"""Chat models behind one interface: Ollama, Hugging Face runners and the starter."""
