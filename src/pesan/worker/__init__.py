"""The worker process: runs jobs and loops, and keeps at it."""
