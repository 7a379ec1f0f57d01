"""Who sits in a room, who hears what, and the agents that other programs bring."""
