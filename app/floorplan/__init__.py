"""Lines and agents from a file an administrator can read, check in and load again."""
