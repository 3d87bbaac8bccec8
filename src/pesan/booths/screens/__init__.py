"""The screens of booths: joined by a code, known by a key of their own, and shown who is there."""
