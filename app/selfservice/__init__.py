"""What a caller hears about his contracts before he waits."""
