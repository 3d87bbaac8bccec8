"""Who works here: users, their roles, passwords and sessions. Knows nothing of HTTP."""
