"""The Asterisk Manager Interface: the only place that knows its bytes, its names and its habits."""
