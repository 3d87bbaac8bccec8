"""What is sold: events, their sale windows and limits."""
