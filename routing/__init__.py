"""ENGINE 2: where a call should go. Pure: time, ids and facts come in as arguments."""
