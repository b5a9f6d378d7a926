"""What was recorded: each file, where it lies, who listened to it."""
