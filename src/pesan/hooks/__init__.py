"""Outgoing webhooks: what organizers' own programs are told of their orders."""
