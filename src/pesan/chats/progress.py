"""How far a message came, by what WhatsApp tells of it in any order. Pure (protocols §6.4).

A message never goes back: what was read was delivered. Arriving is stronger than failing, failing than being sent.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from pesan.chats.states import Category, Line, MessageState
from pesan.chats.verdicts import Draft, Verdict, judge
from pesan.messaging.whatsapp.failures import failure_of
from pesan.messaging.whatsapp.inbound import StatusUpdate

_ARRIVED = {"delivered": MessageState.DELIVERED, "read": MessageState.READ, "played": MessageState.READ}
_ON_ITS_WAY = frozenset(
    {MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN, MessageState.ACCEPTED}
)
# Handed over once more, or about to be.
_AGAIN = frozenset({MessageState.QUEUED, MessageState.SENDING})


@dataclass(frozen=True, slots=True)
class Progress:
    """A message as far as statuses change it; `wait_seconds` once a failure queued it again.

    Unless it `may_repeat`, as it no longer says whom it is for or nobody wants it said, whatever fails has failed.
    """

    state: MessageState
    draft: Draft
    as_template: bool | None = None
    wamid: str | None = None
    error_code: str | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    wait_seconds: float | None = None
    may_repeat: bool = True


def advance(progress: Progress, status: StatusUpdate) -> tuple[Progress, Verdict | None]:
    """The message after a status, and what a failure asks for beyond it; whatever is not known changes nothing."""
    if status.status in _ARRIVED:
        return _arrive(progress, status), None
    if status.status == "sent":
        return _leave(progress, status), None
    if status.status == "failed":
        return _fail(progress, status)
    return progress, None


def draft_of(line: str, category: str, **known: object) -> Draft:
    """The draft of a message as it is kept."""
    return Draft(Line(line), Category(category), **known)  # type: ignore[arg-type]


def _leave(progress: Progress, status: StatusUpdate) -> Progress:
    noted = replace(progress, sent_at=_earlier(progress.sent_at, status.at))
    if progress.state not in _ON_ITS_WAY or _is_past(progress, status):
        return noted
    wamid = progress.wamid if _is_replaced(progress, status) else status.wamid
    return replace(noted, state=MessageState.SENT, wamid=wamid, error_code=None, wait_seconds=None)


def _arrive(progress: Progress, status: StatusUpdate) -> Progress:
    is_read = _ARRIVED[status.status] is MessageState.READ or progress.state is MessageState.READ
    is_last = progress.wamid is None or progress.state in _ON_ITS_WAY
    noted = replace(
        progress,
        state=MessageState.READ if is_read else MessageState.DELIVERED,
        wamid=status.wamid if is_last else progress.wamid,
        error_code=None,
        wait_seconds=None,
    )
    if _ARRIVED[status.status] is MessageState.READ:
        return replace(noted, read_at=_earlier(progress.read_at, status.at))
    return replace(noted, delivered_at=_earlier(progress.delivered_at, status.at))


def _fail(progress: Progress, status: StatusUpdate) -> tuple[Progress, Verdict | None]:
    noted = replace(progress, failed_at=_earlier(progress.failed_at, status.at))
    is_under_way = progress.state in _ON_ITS_WAY or progress.state is MessageState.SENT
    if not is_under_way or _is_past(progress, status) or _is_replaced(progress, status):
        return noted, None
    before = replace(
        progress.draft, attempts=max(progress.draft.attempts - 1, 0), last_error=progress.error_code
    )
    kind = failure_of(status.error_code).kind
    verdict = judge(kind, status.error_code, before, as_template=bool(progress.as_template))
    if verdict.state is MessageState.QUEUED and not progress.may_repeat:
        verdict = replace(verdict, state=MessageState.FAILED)
    is_queued = verdict.state is MessageState.QUEUED
    after = replace(
        noted,
        state=verdict.state,
        draft=replace(
            progress.draft,
            attempts=verdict.attempts,
            away_tries=progress.draft.away_tries + verdict.is_away,
            must_be_template=verdict.must_be_template,
        ),
        as_template=(verdict.must_be_template or None) if is_queued else progress.as_template,
        wamid=status.wamid,
        error_code=verdict.error_code,
        wait_seconds=verdict.wait_seconds if is_queued else None,
    )
    return after, verdict


def _is_past(progress: Progress, status: StatusUpdate) -> bool:
    """Whether it tells of a handing over that failed, and that another one follows."""
    return progress.state in _AGAIN and progress.wamid == status.wamid


def _is_replaced(progress: Progress, status: StatusUpdate) -> bool:
    """Whether it tells of a handing over, such as one whose answer was lost, after which another was accepted."""
    is_accepted = progress.state in {MessageState.ACCEPTED, MessageState.SENT}
    return is_accepted and progress.wamid not in {None, status.wamid}


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return min(one or other, other)
