"""Rooms: who sits in them, what was said, who answers, and who is listening."""
