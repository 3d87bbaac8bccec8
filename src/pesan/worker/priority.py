"""The place of a worker among the processes of a machine."""

import os

_NICENESS = 5


def give_way() -> None:
    """Let whoever waits for an answer have the processor first: jobs can wait, people and providers do not."""
    os.nice(_NICENESS)
