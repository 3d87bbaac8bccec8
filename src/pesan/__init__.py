"""Pesan sells limited places without ever overselling them."""
