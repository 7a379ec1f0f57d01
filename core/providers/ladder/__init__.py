"""What is tried, rung by rung, when memory does not suffice, and the way back up."""
