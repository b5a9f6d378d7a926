"""ENGINE 1: what is happening on the switches, and what we ask them to do. Knows nobody else."""
