"""How one agent comes to its words: what it is told, how it is asked, in a room or alone."""
