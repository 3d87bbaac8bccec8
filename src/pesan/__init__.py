"""Pesan sells limited places without ever overselling them."""

import atexit
import gc

# Pesan is run, and imported by nobody else. What a process imports stays for good, and as often as Python would by
# itself, the collector looks through it for a sixth of the time that a start takes.
gc.set_threshold(10_000, 10, 10)
# Nor is it looked through when the process ends, which costs as much again: all of it goes at once.
atexit.register(gc.freeze)
