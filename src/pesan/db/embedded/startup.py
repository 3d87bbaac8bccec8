"""Bring the server to the point where it answers, whatever state it is found in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pesan.db.embedded import cluster, postmaster
from pesan.db.embedded.access import let_in
from pesan.db.embedded.account import Account
from pesan.db.embedded.cluster import SUPERUSER
from pesan.db.embedded.errors import PasswordLost, StartFailed, StartTimedOut
from pesan.db.embedded.health import Health, conninfo, probe, refuses_password
from pesan.db.embedded.layout import Layout
from pesan.kit.i18n import Locale, Text

_ATTEMPTS = 3
_POLL_SECONDS = 0.1
_QUIET_SECONDS = 2.0

_INITIALISING = Text(
    id="Menyiapkan basis data untuk pertama kali…", en="Setting up the database for the first time…"
)
_RECOVERING = Text(
    id="Basis data sedang memulihkan diri; ini bisa beberapa menit ({seconds} detik)…",
    en="The database is recovering, which can take minutes ({seconds} s)…",
)
_OTHERS = Text(
    id="Perintah lain sedang menjalankan basis data; menunggu ({seconds} detik)…",
    en="Another command is starting the database; waiting ({seconds} s)…",
)


@dataclass
class Waiting:
    """How long somebody has waited, and telling them so every few seconds."""

    progress: Callable[[str], None] | None
    locale: Locale
    limit_seconds: float
    interrupt: Callable[[], None] | None = None  # may raise, to end the waiting
    started: float = field(default_factory=time.monotonic)
    spoke: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """The time since the beginning."""
        return time.monotonic() - self.started

    @property
    def is_over(self) -> bool:
        """Whether the limit has passed."""
        return self.seconds >= self.limit_seconds

    def say_initialising(self) -> None:
        """Tell that this is the first start."""
        self._say(_INITIALISING)

    def for_recovery(self) -> None:
        """Tell now and then that the server is recovering."""
        self._say_now_and_then(_RECOVERING)

    def for_others(self) -> None:
        """Tell now and then that another command is at it."""
        self._say_now_and_then(_OTHERS)

    def _say_now_and_then(self, text: Text) -> None:
        if self.interrupt is not None:
            self.interrupt()
        if time.monotonic() - self.spoke >= _QUIET_SECONDS:
            self._say(text)

    def _say(self, text: Text) -> None:
        self.spoke = time.monotonic()
        if self.progress is not None:
            self.progress(text.in_(self.locale, seconds=round(self.seconds)))


@dataclass(frozen=True)
class Startup:
    """The server, seen by one who wants it to answer."""

    layout: Layout
    account: Account
    password: str

    def target(self) -> str:
        """Where to ask the server, in the database that always exists."""
        return conninfo(self.layout.find_socket_folder(), self.password, user=SUPERUSER, database="postgres")

    def health(self) -> Health:
        """What the server says now."""
        return probe(self.target())

    def until_it_answers(self, waiting: Waiting) -> None:
        """Start the server if none of its processes lives, and wait; the caller holds the start lock.

        A server that is found shutting down is waited for and then started. One that takes longer than the limit is
        left running: its next visitor finds it further on.

        **Raises** StartFailed, StartTimedOut, PasswordLost.
        """
        attempts = 0
        while (health := self.health()) is not Health.ANSWERS:
            if health is Health.REFUSES and refuses_password(self.target()):
                raise PasswordLost(path=str(self.layout.password))
            if not postmaster.is_running(self.layout, self.account):
                attempts += 1
                self._start(attempts)
            waiting.for_recovery()
            if waiting.is_over:
                raise StartTimedOut(seconds=round(waiting.seconds), path=str(self.layout.logs))
            time.sleep(_POLL_SECONDS)

    def _start(self, attempt: int) -> None:
        if attempt > _ATTEMPTS:
            raise StartFailed(path=str(self.layout.logs), detail=postmaster.last_words(self.layout))
        cluster.check_data(self.layout, may_initialise=False)
        let_in(self.account, self.layout.data)
        postmaster.start(self.layout, self.account)
