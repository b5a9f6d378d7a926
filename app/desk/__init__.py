"""What an agent does with the card: says which client it is, or that he is a new one."""
