"""Acting on what WhatsApp told of our messages, of people's wishes, and of the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pesan.chats.claiming import IS_CALLED_OFF
from pesan.chats.contacts import meet, resume, stop
from pesan.chats.costs import Arrived, charge
from pesan.chats.locks import lock_named
from pesan.chats.models import HAS_PICTURE
from pesan.chats.noting import heed
from pesan.chats.progress import Progress, advance, draft_of
from pesan.chats.states import TEMPLATE_PATIENCE_HOURS, MessageState, UpdateKind
from pesan.chats.templates_store import apply_template, refuse_template
from pesan.chats.updates import read_update
from pesan.chats.verdicts import Verdict
from pesan.db import WriteSession
from pesan.db.rows import pack, recordset
from pesan.db.waits import is_data_error, is_passing
from pesan.logging import get_logger
from pesan.messaging.whatsapp.inbound import PreferenceUpdate, StatusUpdate, TemplateUpdate

log = get_logger(__name__)

MOST_AT_ONCE = 500
_LONGEST_WAMID = 200
_LONGEST_OUTCOME = 60
_LONGEST_NUMBER = 40
_ARRIVED = frozenset({MessageState.DELIVERED, MessageState.READ})
_OPEN = text(
    "SELECT id, kind, payload FROM chat_updates WHERE handled_at IS NULL AND kind <> 'message'"
    " ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED"
)
_READ = text(
    "SELECT id, merchant_id, event_id, to_wa, to_user_id, line, category,"  # noqa: S608
    " body IS NOT NULL AS has_body, template IS NOT NULL AS has_template,"
    " template ->> 'name' AS template_name, template ->> 'language' AS template_language,"
    f" {HAS_PICTURE} AS has_picture,"
    " state, attempts, away_tries, as_template, wamid, error_code, sent_at, delivered_at, read_at, failed_at,"
    " created_at < clock_timestamp() - make_interval(hours => :patience) AS is_late,"
    f" {IS_CALLED_OFF} AS is_called_off"
    " FROM chat_messages m WHERE id = ANY (:ids)"
)
_PROGRESS = {
    "id": "uuid",
    "state": "text",
    "attempts": "smallint",
    "away_tries": "smallint",
    "as_template": "boolean",
    "wamid": "text",
    "error_code": "text",
    "sent_at": "timestamptz",
    "delivered_at": "timestamptz",
    "read_at": "timestamptz",
    "failed_at": "timestamptz",
    "wait_seconds": "float8",
}
# A message that a status moved is nobody's to hand over any more.
_WRITE = text(
    "UPDATE chat_messages m SET state = n.state, attempts = n.attempts, away_tries = n.away_tries,"  # noqa: S608
    " as_template = n.as_template,"
    " wamid = n.wamid, error_code = n.error_code, sent_at = n.sent_at, delivered_at = n.delivered_at,"
    " read_at = n.read_at, failed_at = n.failed_at,"
    " lease_until = CASE WHEN n.state = 'sending' THEN m.lease_until END,"
    " due_at = coalesce(clock_timestamp() + make_interval(secs => n.wait_seconds), m.due_at)"
    f" FROM {recordset(_PROGRESS)} WHERE m.id = n.id"
)
_HANDLED = text(
    "UPDATE chat_updates u SET handled_at = clock_timestamp(), outcome = n.outcome"  # noqa: S608
    f" FROM {recordset({'id': 'uuid', 'outcome': 'text'})} WHERE u.id = n.id"
)
_WORRYING = frozenset({"PAUSED", "DISABLED", "REJECTED", "FLAGGED"})


@dataclass(frozen=True, slots=True)
class Applied:
    """How many updates were acted on, and the events whose messages they moved."""

    count: int = 0
    event_ids: frozenset[UUID] = frozenset()


async def apply_some(session: WriteSession, *, most: int = MOST_AT_ONCE) -> Applied:
    """Act on updates that nobody acted on, at most so many.

    A status that cannot be applied holds up no other: it changes nothing, is logged as an error, and is taken as acted
    on, with the outcome `not_applied`, since it would fail the same way at every turn.

    **Locks** the updates, skipping those in use, then messages by id, then whom they are about, then templates.
    """
    updates = (await session.execute(_OPEN, {"most": most})).mappings().all()
    if not updates:
        return Applied()
    statuses = [row for row in updates if row["kind"] == UpdateKind.STATUS]
    read = {row["id"]: _read_status(row["payload"]) for row in statuses}
    told = await _apply_statuses(session, read)
    outcomes = told.outcomes
    for row in updates:
        if row["kind"] == UpdateKind.PREFERENCE:
            outcomes[row["id"]] = await _heed_wish(session, row["payload"])
        elif row["kind"] != UpdateKind.STATUS:
            outcomes[row["id"]] = await _note(session, row["kind"], row["payload"])
    handled = ({"id": each, "outcome": outcome[:_LONGEST_OUTCOME]} for each, outcome in outcomes.items())
    await session.execute(_HANDLED, pack(handled))
    return Applied(len(updates), frozenset(told.event_ids))


@dataclass(slots=True)
class _Told:
    """What became of statuses, by the update that told each, and the events whose messages they moved."""

    outcomes: dict[UUID, str] = field(default_factory=dict)
    event_ids: set[UUID] = field(default_factory=set)


async def _apply_statuses(session: WriteSession, statuses: Mapping[UUID, StatusUpdate | None]) -> _Told:
    told = _Told(dict.fromkeys(statuses, "unreadable"))
    readable = {update_id: status for update_id, status in statuses.items() if status}
    if readable:
        named = [message_id for status in readable.values() if (message_id := _own_id(status))]
        wamids = [status.wamid for status in readable.values()]
        # Before any savepoint, so that what fails lets go of none of them.
        locked = await lock_named(session, named, wamids)
        await _apply_or_halve(session, readable, locked, told)
    return told


async def _apply_or_halve(
    session: WriteSession, statuses: Mapping[UUID, StatusUpdate], locked: Sequence[UUID], told: _Told
) -> None:
    """All at once, and where one of them fails each half by itself, until it fails alone."""
    try:
        async with session.begin_nested():
            some = await _apply(session, statuses, locked)
    except Exception as error:
        if is_passing(error) or not is_data_error(error):
            raise
        if len(statuses) > 1:
            parts = list(statuses.items())
            middle = len(parts) // 2
            for half in (parts[:middle], parts[middle:]):
                await _apply_or_halve(session, dict(half), locked, told)
            return
        (update_id,) = statuses
        log.exception("chats.status_not_applied", update=str(update_id))
        told.outcomes[update_id] = "not_applied"
        return
    told.outcomes |= some.outcomes
    told.event_ids |= some.event_ids


async def _apply(
    session: WriteSession, statuses: Mapping[UUID, StatusUpdate], locked: Sequence[UUID]
) -> _Told:
    asked = {"ids": list(locked), "patience": TEMPLATE_PATIENCE_HOURS}
    rows = (await session.execute(_READ, asked)).mappings().all()
    known = {row["id"]: _progress(row) for row in rows}
    by_wamid = {row["wamid"]: row["id"] for row in rows if row["wamid"]}
    told, moved = _Told(), set[UUID]()
    verdicts: list[tuple[UUID, Verdict]] = []
    whose, arrived = {row["id"]: row for row in rows}, list[Arrived]()
    for update_id, status in statuses.items():
        message_id = _find(status, known, by_wamid)
        if message_id is None:
            told.outcomes[update_id] = "unknown_message"
            continue
        before = known[message_id]
        known[message_id], verdict = advance(before, status)
        moved.add(message_id)
        told.outcomes[update_id] = _outcome(before, known[message_id], status, message_id)
        verdicts += [(message_id, verdict)] if verdict else []
        arrived += _arrived(status, whose[message_id])
    if moved:
        await session.execute(_WRITE, pack(_row(each, known[each]) for each in sorted(moved)))
    await _heed_verdicts(session, verdicts, whose)
    await charge(session, arrived)
    told.event_ids = {event_id for each in moved if (event_id := whose[each]["event_id"])}
    return told


async def _heed_verdicts(
    session: WriteSession, verdicts: Sequence[tuple[UUID, Verdict]], whose: Mapping[UUID, Any]
) -> None:
    people = {message_id: (row["to_wa"], row["to_user_id"]) for message_id, row in whose.items()}
    for message_id, verdict in sorted(verdicts, key=lambda pair: str(people[pair[0]])):
        await heed(session, verdict, *people[message_id])
        if verdict.pauses:
            log.error("chats.number_stopped", reason=verdict.error_code)
    refused = {
        (row["template_name"], row["template_language"]): verdict.template_error
        for message_id, verdict in verdicts
        if verdict.template_error is not None
        and (row := whose[message_id])["as_template"]
        and row["template_name"]
    }
    for (name, language), error in sorted(refused.items()):
        await refuse_template(session, name, language, error)
        log.warning("chats.template_refused", name=name, language=language, reason=error)


def _arrived(status: StatusUpdate, row: Any) -> list[Arrived]:
    """What is charged now: a message is when it arrives, whatever was said of its price on the way."""
    if status.pricing is None or status.status not in _ARRIVED:
        return []
    whose = row["id"], row["merchant_id"], row["event_id"]
    return [Arrived(*whose, status.pricing, status.at, status.phone_number_id[:_LONGEST_NUMBER])]


def _find(status: StatusUpdate, known: Mapping[UUID, Progress], by_wamid: Mapping[str, UUID]) -> UUID | None:
    """By our own id first, which outlives an answer that was lost."""
    own = _own_id(status)
    return own if own in known else by_wamid.get(status.wamid)


def _own_id(status: StatusUpdate) -> UUID | None:
    try:
        return UUID(status.opaque or "")
    except ValueError:
        return None


def _outcome(before: Progress, after: Progress, status: StatusUpdate, message_id: UUID) -> str:
    if status.status == "failed" and before.state in {MessageState.DELIVERED, MessageState.READ}:
        log.warning("chats.failed_after_delivery", message=str(message_id), code=status.error_code)
        return "ignored"
    return after.state.value if after.state is not before.state else "noted"


def _read_status(payload: Mapping[str, Any]) -> StatusUpdate | None:
    try:
        status = read_update(StatusUpdate, payload)
    except (TypeError, ValueError):
        return None
    return status if len(status.wamid) <= _LONGEST_WAMID else None


async def _heed_wish(session: WriteSession, payload: Mapping[str, Any]) -> str:
    """WhatsApp's own switch is about advertising, and changes nothing of what they told us in the chat."""
    try:
        wish = read_update(PreferenceUpdate, payload)
        # Whatever is wrong with one of them must not hold up the rest for ever.
        async with session.begin_nested():
            contact = await meet(session, wa=wish.wa, user_id=wish.user_id)
            choose = stop if wish.is_stop else resume
            await choose(session, contact, at=wish.at, marketing_only=True)
    except (TypeError, ValueError):
        return "unreadable"
    except DBAPIError as error:
        if not is_data_error(error):
            raise
        return "unreadable"
    return "stop" if wish.is_stop else "resume"


async def _note(session: WriteSession, kind: str, payload: Mapping[str, Any]) -> str:
    if kind != UpdateKind.TEMPLATE:
        log.warning("chats.told", kind=payload.get("kind"))
        return "noted"
    template = read_update(TemplateUpdate, payload)
    say = log.warning if template.event in _WORRYING else log.info
    say("chats.template", name=template.name, language=template.language, told=template.event)
    try:
        async with session.begin_nested():
            await apply_template(session, template)
    except DBAPIError as error:
        if not is_data_error(error):
            raise
        return "unreadable"
    return str(template.event).lower()


def _progress(row: Any) -> Progress:
    draft = draft_of(
        row["line"],
        row["category"],
        has_body=row["has_body"],
        has_template=row["has_template"],
        attempts=row["attempts"],
        away_tries=row["away_tries"],
        has_picture=row["has_picture"],
        is_late=row["is_late"],
        must_be_template=row["state"] == MessageState.QUEUED and bool(row["as_template"]),
    )
    kept = ("as_template", "wamid", "error_code", "sent_at", "delivered_at", "read_at", "failed_at")
    has_address = row["to_wa"] is not None or row["to_user_id"] is not None
    known = {name: row[name] for name in kept}
    may_repeat = has_address and not row["is_called_off"]
    return Progress(MessageState(row["state"]), draft, may_repeat=may_repeat, **known)


def _row(message_id: UUID, progress: Progress) -> dict[str, Any]:
    return {
        "id": message_id,
        "state": progress.state.value,
        "attempts": progress.draft.attempts,
        "away_tries": progress.draft.away_tries,
        "as_template": progress.as_template,
        "wamid": progress.wamid,
        "error_code": progress.error_code,
        "sent_at": progress.sent_at,
        "delivered_at": progress.delivered_at,
        "read_at": progress.read_at,
        "failed_at": progress.failed_at,
        "wait_seconds": progress.wait_seconds,
    }
