"""Ending parts of a running service the way a crash does: SIGKILL, with nothing said before."""

import signal
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

import psutil

from tests.support.service import Service


class Part(StrEnum):
    """What can be killed."""

    WEB = "web"
    WORKER = "worker"
    DATABASE = "database"


def kill(service: Service, part: Part) -> Sequence[int]:
    """Kill every process of one part, at once; their process ids."""
    victims = find(service, part)
    if not victims:
        raise RuntimeError(f"nothing to kill: no {part} process of the service is running")
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
    return [victim.pid for victim in victims]


def find(service: Service, part: Part) -> list[psutil.Process]:
    """The processes of one part; of the database only the postmaster, which takes its children with it."""
    if part is Part.DATABASE:
        pid = postmaster_pid(service.home)
        return [psutil.Process(pid)] if pid is not None and psutil.pid_exists(pid) else []
    _, *children = service.processes()
    return [child for child in children if _part_of(child) is part]


def postmaster_pid(home: Path) -> int | None:
    """The process id that PostgreSQL wrote down, if it runs."""
    record = home / "postgres" / "data" / "postmaster.pid"
    return int(record.read_text().splitlines()[0]) if record.exists() else None


def _part_of(process: psutil.Process) -> Part | None:
    """By the command of the supervisor's child that the process is, or descends from."""
    with suppress(psutil.NoSuchProcess):
        for candidate in (process, *process.parents()):
            words = candidate.cmdline()
            if any(Path(word).name == "postgres" for word in words[:1]):
                return None
            if any(word.startswith("pesan.worker") for word in words):
                return Part.WORKER
            if any(word.startswith(("granian", "pesan.app")) for word in words):
                return Part.WEB
    return None
