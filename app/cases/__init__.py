"""What is owed to a client, with a deadline."""
