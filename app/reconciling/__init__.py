"""Compares our calls with the switch's own book, `queue_log`."""
