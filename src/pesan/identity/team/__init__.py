"""The people of a merchant: invited, given roles and events, taken off the team."""
