"""Records talks by the policy and on demand, keeps what was recorded, and lets people listen to it."""
