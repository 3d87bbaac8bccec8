"""What people do to an event's gates, and devices to themselves."""
