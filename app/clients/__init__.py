"""Who calls: clients, their numbers, revenue, history; and the card that is shown of one."""
