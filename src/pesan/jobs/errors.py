"""What a job may raise, and what stops a worker."""


class GiveUp(Exception):
    """Trying this job again would change nothing: park it at once, for a person to look at.

    `code` is shown in the queue monitor; a short machine name, never a person's data.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class WorkerEvicted(Exception):
    """Others took this worker for dead and gave its jobs away; it has to register anew."""
