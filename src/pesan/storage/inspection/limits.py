"""What the inspecting process may use; the kernel enforces it."""

import contextlib
import ctypes
import resource
import signal

CPU_SECONDS = 10
MEMORY_BYTES = 768 * 1024 * 1024
_FILE_BYTES = 32 * 1024 * 1024
_OPEN_FILES = 64
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine() -> None:
    """Give up what no inspection needs: other programs, large files, dumps, outliving whoever started us."""
    _lower(resource.RLIMIT_AS, MEMORY_BYTES)
    _lower(resource.RLIMIT_FSIZE, _FILE_BYTES)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NPROC, 0)
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere the rest has to do
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def allow_one_file(seconds: int = CPU_SECONDS) -> None:
    """Processor time for one more file; the limit counts over the life of the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(until, hard), hard))


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    lowered = _at_most(limit, hard)
    resource.setrlimit(kind, (lowered, lowered))


def _at_most(limit: int, hard: int) -> int:
    # whoever runs us may have set a lower limit already, which cannot be raised
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)
