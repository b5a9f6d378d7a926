"""`make proof`: the promise of the routing engine, kept or not, on a real Asterisk with real SIP calls."""
