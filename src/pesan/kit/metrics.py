"""What the instance counts, by the documents' names.

A metric comes into being when it is first used, because the client library fixes at that moment whether values are the
process's own or shared in files (`pesan.kit.exposition.use_folder`).
"""

from collections.abc import Sequence
from functools import cached_property

import prometheus_client as prometheus

LATENCY_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LOCAL = prometheus.CollectorRegistry()
"""This process's metrics."""
DECLARED: "list[Counter | Histogram | Gauge]" = []
"""Every metric below, used or not."""


class Counter:
    """Something that happens; only ever grows."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self._about = (name, help_text, labels)
        self._children: dict[tuple[str, ...], prometheus.Counter] = {}
        DECLARED.append(self)

    @cached_property
    def metric(self) -> prometheus.Counter:
        """The client's own object."""
        return prometheus.Counter(*self._about, registry=LOCAL)

    def inc(self, *labels: str, amount: float = 1) -> None:
        """Count one, or `amount`."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self.metric.labels(*labels) if labels else self.metric
        child.inc(amount)


class Histogram:
    """Durations in seconds."""

    def __init__(self, name: str, help_text: str, labels: Sequence[str] = ()) -> None:
        self._about = (name, help_text, labels)
        self._children: dict[tuple[str, ...], prometheus.Histogram] = {}
        DECLARED.append(self)

    @cached_property
    def metric(self) -> prometheus.Histogram:
        """The client's own object."""
        return prometheus.Histogram(*self._about, registry=LOCAL, buckets=LATENCY_BUCKETS)

    def observe(self, seconds: float, *labels: str) -> None:
        """Note one duration."""
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self.metric.labels(*labels) if labels else self.metric
        child.observe(seconds)


class Gauge:
    """A level of this process that counts while the process lives: open streams, connections in use."""

    def __init__(self, name: str, help_text: str) -> None:
        self._about = (name, help_text)
        DECLARED.append(self)

    @cached_property
    def metric(self) -> prometheus.Gauge:
        """The client's own object."""
        return prometheus.Gauge(*self._about, registry=LOCAL, multiprocess_mode="livesum")

    def set(self, value: float) -> None:
        """The level now."""
        self.metric.set(value)

    def inc(self, amount: float = 1) -> None:
        """Raise the level, or lower it by a negative amount."""
        self.metric.inc(amount)


HOLDS_CREATED = Counter("holds_created", "Holds that were granted.")
HOLDS_EXPIRED = Counter("holds_expired", "Holds whose time ran out.")
HOLDS_REFUSED = Counter("holds_refused", "Holds that were refused, by the error's code.", ["reason"])
PROOFS_UPLOADED = Counter("proofs_uploaded", "Payment proofs that were accepted for review.")
UPLOAD_ERRORS = Counter(
    "upload_errors", "Uploads that failed or were refused, by the error's code.", ["reason"]
)
OBJECTS_KEPT = Counter(
    "objects_kept", "Objects that were kept in the database because the store did not take them."
)
PROOFS_APPROVED = Counter("proofs_approved", "Reviews that ended in approval.")
PROOFS_REJECTED = Counter("proofs_rejected", "Reviews that ended in rejection.")
TICKETS_ISSUED = Counter("tickets_issued", "Tickets that were issued.")
SCANS = Counter("scans", "Scans at gates, by what the screen said.", ["result"])
JOBS_FAILED = Counter("jobs_failed", "Jobs that were parked, by task.", ["task"])
RATE_LIMITED = Counter("rate_limited", "Requests refused by a rate limit, by policy.", ["policy"])
SERVER_ERRORS = Counter("server_errors", "Requests that ended in an unexpected error.")
REQUEST_SECONDS = Histogram(
    "http_request_duration_seconds", "Time to answer, by route template.", ["method", "route", "status"]
)
REQUESTS_OPEN = Gauge("http_requests_open", "Requests being answered, streams included.")
STREAMS_OPEN = Gauge("streams_open", "Event streams and WebSockets that are open.")
SOCKETS_OPEN = Gauge("sockets_open", "WebSockets that are open.")
SOCKETS_ENDED = Counter("sockets_ended", "WebSockets that ended, by why.", ["reason"])
SOCKET_MESSAGES = Counter("socket_messages", "Events that were told by WebSocket, once for each listener.")
DATABASE_CONNECTIONS = Gauge("database_connections_in_use", "Database connections in use.")
