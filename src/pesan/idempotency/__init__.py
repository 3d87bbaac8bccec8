"""Stored answers: the same key and body get the same bytes, and the effect happens once."""
