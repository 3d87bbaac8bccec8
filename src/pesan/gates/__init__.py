"""The gates of an event: devices, scanning online and without a network, and what came of both."""
