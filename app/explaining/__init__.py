"""Tells why a call went where it went, and why it was taken when it was."""
