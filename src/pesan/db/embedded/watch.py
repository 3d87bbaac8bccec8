"""Keep the server alive for as long as somebody who watches it uses it."""

import logging
import threading
import time

from pesan.db.embedded import postmaster
from pesan.db.embedded.configuration import prune_logs
from pesan.db.embedded.errors import EmbeddedServerError
from pesan.db.embedded.filelocks import exclusive
from pesan.db.embedded.health import Health
from pesan.db.embedded.startup import Startup, Waiting
from pesan.kit.i18n import DEFAULT_LOCALE

_PROBE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 30.0
_REVIVAL_SECONDS = 900.0

_log = logging.getLogger(__name__)


def keep_alive(startup: Startup, released: threading.Event, stopped: threading.Event) -> None:
    """Ask the server every other second, and start it when it is dead; ends when either event is set.

    Several processes may watch: the start lock lets one of them act, the others find it answering again. A start that
    fails, as on a full disk, is tried again with growing pauses until it succeeds.
    """
    pause = _PROBE_SECONDS
    while not (released.is_set() or stopped.is_set()):
        pause = (
            _PROBE_SECONDS if _attend(startup, released, stopped) else min(pause * 2, _LONGEST_PAUSE_SECONDS)
        )
        _sleep(pause, released, stopped)


def _attend(startup: Startup, released: threading.Event, stopped: threading.Event) -> bool:
    """Whether the server answers, after starting it where it was dead."""
    if startup.health() is not Health.SILENT or postmaster.is_running(startup.layout, startup.account):
        prune_logs(startup.layout)
        return True
    _log.warning("the database died and is started again", extra={"folder": str(startup.layout.folder)})
    try:
        _revive(startup, released, stopped)
    except (EmbeddedServerError, OSError):
        _log.exception(
            "the database could not be started; trying again", extra={"path": str(startup.layout.logs)}
        )
        return False
    return True


def _revive(startup: Startup, released: threading.Event, stopped: threading.Event) -> None:
    def give_way() -> None:
        if released.is_set() or stopped.is_set():
            raise _NoLongerNeeded

    waiting = Waiting(None, DEFAULT_LOCALE, _REVIVAL_SECONDS, interrupt=give_way)
    try:
        with exclusive(startup.layout.start_lock, startup.account, while_waiting=waiting.for_others):
            startup.until_it_answers(waiting)
    except _NoLongerNeeded:
        return


class _NoLongerNeeded(Exception):
    """The watch ended while the server, or another who was starting it, kept us waiting."""


def _sleep(seconds: float, released: threading.Event, stopped: threading.Event) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not stopped.is_set():
        if released.wait(0.2):
            return
