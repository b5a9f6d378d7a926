"""ENGINE 3: who must see what, and in which messages. Pure: the hub's shell lives in `app/live`."""
