"""What every HTTP route shares: the edge of the stack, errors, CSRF, limits, templates, health."""
