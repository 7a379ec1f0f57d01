"""Whose turn it is, in which order the turns cost least, and how each is taken."""
