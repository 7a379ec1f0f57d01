"""What stops a talk: its budget, the quotas of users, and agents that go in circles."""
