"""What paired devices have in common, at gates and in booths: a code to join by, a key of their own, tokens."""
