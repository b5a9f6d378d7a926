"""What the app stands on: database, clock, secrets, logging. No business word in it."""
