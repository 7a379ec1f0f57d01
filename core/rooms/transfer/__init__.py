"""A room as a file, and a file as a room again."""
