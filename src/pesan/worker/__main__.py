"""Starts a worker: `python -m pesan.worker` works until SIGTERM, then drains."""

import os

_NICENESS = 5


def main() -> None:
    """Give way, then work: whoever waits for an answer has the processor first, also while a worker starts."""
    os.nice(_NICENESS)
    # Importing takes a core for a second, so it comes after giving way.
    from pesan.worker.main import main as work

    work()


if __name__ == "__main__":
    main()
