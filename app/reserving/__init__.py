"""The reserve for the highest tiers where Asterisk distributes: some idle agents are paused for all others."""
