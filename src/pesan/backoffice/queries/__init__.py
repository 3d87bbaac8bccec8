"""Reads of the staff's pages; they cut across features, and run as the person who is signed in."""
