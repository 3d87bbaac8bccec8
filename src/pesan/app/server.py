"""The web processes: `python -m pesan.app.server` serves until SIGTERM, then drains."""

import argparse
import gc
import multiprocessing
import os
import signal
from contextlib import ExitStack, suppress
from types import FrameType

from fastapi import FastAPI
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings

from pesan.app.instance import open_instance
from pesan.app.process import configure
from pesan.app.processes import NOTICE
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.settings import load_settings

HEADER_TIMEOUT_MS = 5_000
DRAIN_SECONDS = 30
# Streams take a place for as long as they last: plain requests need room beside the most streams there may be.
PLAIN_REQUESTS = 1_000
BACKLOG = 2_048
# New objects before the collector looks for cycles among them, and how often it looks among older ones.
COLLECTOR = (10_000, 50, 100)
# What lives as long as the process: the hold on the embedded server.
_process = ExitStack()


def create() -> FastAPI:
    """The application of one web process; Granian calls it in each."""
    settings = load_settings()
    configure(settings, "web")
    instance = _process.enter_context(open_instance(settings))
    app = create_app(build_registry(instance, "web"))
    _calm_collector()
    return app


def _calm_collector() -> None:
    """Spare the collector what stays for good: looking through it again and again costs a hot route a quarter."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    settings = load_settings()
    signal.signal(NOTICE, _pass_on)
    Granian(
        "pesan.app.server:create",
        factory=True,
        address=wanted.host,
        port=wanted.port,
        workers=wanted.workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        loop=Loops.uvloop,
        backlog=BACKLOG,
        backpressure=settings.max_streams + PLAIN_REQUESTS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS),
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN_SECONDS,
        log_access=False,
        log_enabled=False,
    ).serve()


def _pass_on(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # signal.signal's signature
    """To every web process and to none of theirs, which may be in the middle of a file.

    A web process inherits this, and has nobody to tell until it listens itself.
    """
    for pid in [process.pid for process in multiprocessing.active_children() if process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


if __name__ == "__main__":
    main()
