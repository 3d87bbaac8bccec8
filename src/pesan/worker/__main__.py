"""Starts a worker: `python -m pesan.worker` works until SIGTERM, then drains."""

from pesan.worker.priority import give_way


def main() -> None:
    """Work; exits with a traceback and status 1 when going on is pointless."""
    give_way()
    # What it imports takes a core for a second, so that comes after giving way.
    from pesan.worker.main import main as work

    work()


if __name__ == "__main__":
    main()
