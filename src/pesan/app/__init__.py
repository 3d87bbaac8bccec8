"""The web process: builds what it needs, mounts the features, serves."""
