"""What would have happened, or will: an event simulator that lets `decide` and `match` themselves run a day."""
