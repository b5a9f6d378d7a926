"""How every line is doing now: load, handling time, patience, estimated waits, the reserve it needs."""
