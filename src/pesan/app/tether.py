"""Run a command that is told to end when its parent dies, even if the parent was killed and can tell nobody.

Runs as a script of its own, before the command takes its place: the wish (prctl(2), PR_SET_PDEATHSIG) has to be made in
the child, and Python cannot safely run code between fork and exec in a program with threads. Linux only; elsewhere the
command simply runs.
"""

import ctypes
import os
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # linux/prctl.h
_CANNOT_RUN = 127


def main(arguments: list[str]) -> None:
    """Become the command `arguments[1:]`, tied to the parent whose process id is `arguments[0]`."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the wish was made
        raise SystemExit(128 + signal.SIGTERM)
    try:
        os.execvp(command[0], command)  # noqa: S606  # the supervisor's own list
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        raise SystemExit(_CANNOT_RUN) from error


if __name__ == "__main__":
    main(sys.argv[1:])
