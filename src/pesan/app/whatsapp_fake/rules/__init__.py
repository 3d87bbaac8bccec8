"""What may be sent and created, and what it is refused with (protocols.md §6.6)."""
