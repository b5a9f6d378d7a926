"""What happened on the telephone: calls, their events, the decisions."""
