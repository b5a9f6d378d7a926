"""Who serves: agents, teams, skills."""
