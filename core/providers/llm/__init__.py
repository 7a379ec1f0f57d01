"""Models of the `llm` command-line tool, where it is installed."""
