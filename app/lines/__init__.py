"""The services a client dials."""
