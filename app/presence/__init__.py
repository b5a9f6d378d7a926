"""An agent signs in to his lines, takes a break, goes home: commands to the switch, then the database."""
