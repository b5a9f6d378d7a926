"""The companies served on this floor."""
