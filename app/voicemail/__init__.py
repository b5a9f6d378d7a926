"""Messages that callers leave: whose they are, by when they are answered, and by whom."""
