"""The whole product on one machine with real calls, and a score counted by the switch's own events."""
