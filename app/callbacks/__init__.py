"""A promised call: asked for, kept in its place, carried out, retried, told."""
