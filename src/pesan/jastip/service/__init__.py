"""Writes of the jastip desk, as verbs."""
