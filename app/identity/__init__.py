"""Who signs in: users, sessions, service tokens."""
