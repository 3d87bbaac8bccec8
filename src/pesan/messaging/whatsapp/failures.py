"""Why a message did not go, as Meta's codes say, and what to do about it (protocols §6.8)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_FORBIDDEN = frozenset({401, 403})
_TOO_MANY = 429
# These gates of the net do not know whether the machine behind them took the message.
_GATEWAYS = frozenset({502, 504})
_SERVER_ERROR = 500
_UNAVAILABLE = 503

PAIR_SECONDS = 6.0
DAY_SECONDS = 86_400.0
SYNC_SECONDS = 600.0


class FailureKind(StrEnum):
    """What a failure asks for."""

    RETRY = "retry"  # the same again later, with growing pauses and an end
    AWAY = "away"  # the service is not there for anybody: the same again for hours, with pauses that grow
    RETRY_RECIPIENT = "retry_recipient"  # slower to this person; others go on
    STOP_QUEUE = "stop_queue"  # this sender cannot send at all until somebody looks
    LATER_DAY = "later_day"  # once more after a day at the soonest
    TEMPLATE = "template"  # once its template may be used
    MESSAGE = "message"  # never this message
    RECIPIENT = "recipient"  # never this person; another channel
    SWITCH_TO_TEMPLATE = "switch_to_template"  # outside the 24-hour window
    OPTED_OUT = "opted_out"  # this person wants no marketing
    UNKNOWN = "unknown"  # it may have been sent; wait for a status with our own id


class SendFailed(Exception):
    """Meta did not take a call, or nobody knows; `retry_after` is in seconds, where there is a reason for one.

    `detail` is for people who look after the chats; it holds neither the message nor the token.
    """

    def __init__(
        self, kind: FailureKind, code: int | None, detail: str, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{kind} {code or ''} {detail}".replace("  ", " ").strip())
        self.kind = kind
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Failure:
    """What a code means; `pause` in seconds where the code itself asks for one."""

    kind: FailureKind
    pause: float | None = None


def _all(kind: FailureKind, codes: Iterable[int], pause: float | None = None) -> dict[int, Failure]:
    return dict.fromkeys(codes, Failure(kind, pause))


FAILURES: Mapping[int, Failure] = {
    # 1 may also be a bad request, so tries must end soon.
    **_all(FailureKind.RETRY, (1, 4, 80007, 130429, 131000)),
    # Down, unavailable, in maintenance: no message's fault, and an hour of it is nothing unheard of.
    **_all(FailureKind.AWAY, (2, 131016, 131057, 133004)),
    **_all(FailureKind.RETRY_RECIPIENT, (131056,), PAIR_SECONDS),
    # Spam and messaging limits, restrictions, payment, the display name, terms, registration.
    **_all(FailureKind.STOP_QUEUE, (131048, 131064, 368, 131031, 131042, 131037, 134011, 131045, 133010)),
    # The token and what it may; 131005 and 131044 are permission and payment too, by the library's list.
    **_all(FailureKind.STOP_QUEUE, (0, 190, 3, 10, *range(200, 300), 131005, 131044)),
    # Registering a number: no message helps here, somebody has to.
    **_all(FailureKind.STOP_QUEUE, (133000, 133005, 133006, 133008, 133009, 133015, 133016)),
    **_all(FailureKind.LATER_DAY, (131049,), DAY_SECONDS),
    **_all(FailureKind.MESSAGE, (100, 33, 131008, 131009, 131021, 131051, 131053, 131062, 131063)),
    **_all(FailureKind.MESSAGE, (132000, 132005, 132007, 132008, 132012)),
    # There is none of that name in that language, or it is not approved yet; it is paused; it was switched off.
    **_all(FailureKind.TEMPLATE, (132001, 132015, 132016)),
    **_all(FailureKind.MESSAGE, (132068, 132069, 135000)),
    # An experiment that leaves this person out: trying again would spoil it, and changes nothing.
    **_all(FailureKind.MESSAGE, (130472,)),
    # What somebody sent us could not be fetched: they have to send it again.
    **_all(FailureKind.MESSAGE, (131052,)),
    # The API for marketing messages, which is not used here; its templates take minutes to arrive.
    **_all(FailureKind.MESSAGE, (131055, 134100, 134102)),
    **_all(FailureKind.RETRY, (134101,), SYNC_SECONDS),
    # 137000: the person changed their phone, and the one we meant is gone.
    **_all(FailureKind.RECIPIENT, (131026, 131030, 130497, 137000)),
    **_all(FailureKind.SWITCH_TO_TEMPLATE, (131047,)),
    **_all(FailureKind.OPTED_OUT, (131050,)),
}


def failure_of(code: int | None, status: int | None = None) -> Failure:
    """What to do about a code, from an answer (with its HTTP status) or from `statuses[].errors` (without one).

    The code decides: a throttle comes as HTTP 400. A code that is not known yet is judged by the status.
    """
    known = FAILURES.get(code) if code is not None else None
    return known or Failure(_kind_of_status(status, has_code=code is not None))


def _kind_of_status(status: int | None, *, has_code: bool) -> FailureKind:
    if status in _FORBIDDEN:
        return FailureKind.STOP_QUEUE
    if status == _TOO_MANY:
        return FailureKind.RETRY
    if status in _GATEWAYS and not has_code:
        return FailureKind.UNKNOWN
    if status == _UNAVAILABLE and not has_code:
        return FailureKind.AWAY
    return FailureKind.RETRY if status is not None and status >= _SERVER_ERROR else FailureKind.MESSAGE
