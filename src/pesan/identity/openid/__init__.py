"""Signing in with somebody else's word: one OpenID Connect provider per instance (OpenID Connect Core 1.0)."""
