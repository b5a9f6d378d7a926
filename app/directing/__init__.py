"""The directed executor: we give the callers who wait in our waiting room to agents, one by one."""
