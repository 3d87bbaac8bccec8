"""Taking what is due together with the slots it leaves by: one transaction, which waits for nobody (ADR 0021)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from pesan.chats.models import HAS_PICTURE
from pesan.chats.states import (
    LEASE_SECONDS,
    NO_PICTURE,
    PRIORITIES,
    TEMPLATE_LOOK_SECONDS,
    TEMPLATE_PATIENCE_HOURS,
    UNREADABLE,
    Category,
    Line,
    MessageState,
)
from pesan.chats.templates_store import REFUSED, USABLE
from pesan.chats.verdicts import Draft, Standing, Verdict, find_refusal, goes_as_template
from pesan.db import ReadSession, WriteSession
from pesan.db.rows import pack, recordset
from pesan.messaging.whatsapp.shapes import Picture, Shape, Text, shape_from_json

# Of a broadcast that was cancelled nothing is said any more; the jastip desk's tables, by their names.
IS_CALLED_OFF = """
    (m.line = 'broadcast' AND EXISTS (
        SELECT 1 FROM broadcast_recipients r JOIN broadcasts b ON b.id = r.broadcast_id
        WHERE r.id = m.id AND b.state = 'cancelled'
    ))
"""
"""Of the message `m`, whatever it was when somebody cancelled."""
# Both conditions are asked once per statement. Of the second the planner would believe that it leaves nothing where one
# line has nearly everything, and read it all; coalesce keeps it from guessing.
_MAY_LEAVE = """
    m.state = 'queued'
    AND NOT EXISTS (SELECT 1 FROM chat_lines WHERE name = '' AND paused_at IS NOT NULL)
    AND coalesce(m.line <> ALL (ARRAY(SELECT name FROM chat_lines WHERE paused_at IS NOT NULL)), true)
"""
# Nothing is waited for, so the statement's time will do; with it, and in this order, the index finds what is due at
# once, however much left long ago or is planned for later.
_IS_DUE = text(
    f"""
    SELECT EXISTS (
        SELECT 1 FROM unnest(CAST(:priorities AS smallint[])) AS p (priority) CROSS JOIN LATERAL (
            SELECT m.id FROM chat_messages m
            WHERE {_MAY_LEAVE} AND m.priority = p.priority AND m.due_at <= statement_timestamp()
            ORDER BY m.due_at, m.id LIMIT 1
        ) AS m
    )
    """  # noqa: S608
)
_PRIORITIES = sorted(set(PRIORITIES.values()), reverse=True)
_MAKE_SLOTS = text(
    "INSERT INTO chat_slots (phone_number_id, slot) SELECT :number, generate_series(0, :most - 1)"
    " ON CONFLICT DO NOTHING"
)
_FREE_SLOTS = text(
    "SELECT slot, clock_timestamp() + make_interval(secs => :lease) AS lease_until FROM chat_slots"
    " WHERE phone_number_id = :number AND slot < :most AND free_at <= clock_timestamp()"
    " ORDER BY slot FOR UPDATE SKIP LOCKED"
)
# Each priority by the index, so that a turn reads no more of a long queue than it takes. What is locked is returned as
# it is by then, and not as the statement first saw it.
_TAKE = text(
    f"""
    WITH due AS MATERIALIZED (
        SELECT m.*, p.rank FROM unnest(CAST(:priorities AS smallint[])) WITH ORDINALITY AS p (priority, rank)
        CROSS JOIN LATERAL (
            SELECT m.id, {HAS_PICTURE} AS has_picture,
                m.event_id, m.to_wa, m.to_user_id, m.line, m.category, m.body, m.template, m.reply_to,
                m.attempts, m.away_tries, m.error_code, m.due_at, coalesce(m.as_template, false) AS must_be_template,
                m.created_at < statement_timestamp() - make_interval(hours => :patience) AS is_late,
                {IS_CALLED_OFF} AS is_called_off
            FROM chat_messages m
            WHERE {_MAY_LEAVE} AND m.priority = p.priority AND m.due_at <= statement_timestamp()
            ORDER BY m.due_at, m.id LIMIT :count FOR UPDATE OF m SKIP LOCKED
        ) AS m ORDER BY p.rank, m.due_at, m.id LIMIT :count
    )
    SELECT due.*, coalesce(c.is_open, false) AS is_open, coalesce(c.is_stopped, false) AS is_stopped,
        coalesce(c.is_marketing_stopped, false) OR EXISTS (
            -- Whoever left a trip since hears no more of what was queued before; the jastip desk's table, by its name.
            SELECT 1 FROM participants p WHERE p.event_id = due.event_id AND p.unsubscribed_at IS NOT NULL
            AND (p.wa = due.to_wa OR p.wa_user_id = due.to_user_id)
        ) AS is_marketing_stopped,
        coalesce(c.is_unreachable, false) AS is_unreachable,
        coalesce((SELECT t.status = ANY (:usable)
            OR t.status = :refused AND t.checked_at <= clock_timestamp() - make_interval(secs => :look)
            FROM chat_templates t
            WHERE t.name = due.template ->> 'name' AND t.language = due.template ->> 'language'), true)
            AS is_template_usable
    FROM due LEFT JOIN LATERAL (
        SELECT bool_or(window_until > clock_timestamp()) AS is_open, bool_or(stopped_at IS NOT NULL) AS is_stopped,
            bool_or(marketing_stopped_at IS NOT NULL) AS is_marketing_stopped,
            bool_or(unreachable_at IS NOT NULL) AS is_unreachable
        FROM chat_contacts WHERE wa = due.to_wa OR user_id = due.to_user_id
    ) AS c ON true
    ORDER BY due.rank, due.due_at, due.id
    """  # noqa: S608
)
_DECIDED = {
    "id": "uuid",
    "state": "text",
    "lease_until": "timestamptz",
    "attempts": "smallint",
    "as_template": "boolean",
    "error_code": "text",
    "wait_seconds": "float8",
}
_DECIDE = text(
    "UPDATE chat_messages m SET state = n.state, lease_until = n.lease_until, attempts = n.attempts,"  # noqa: S608
    " as_template = n.as_template, error_code = n.error_code,"
    " due_at = CASE WHEN n.state = 'queued' THEN clock_timestamp() + make_interval(secs => n.wait_seconds)"
    " ELSE m.due_at END,"
    " failed_at = CASE WHEN n.state = 'failed' THEN clock_timestamp() END"
    f" FROM {recordset(_DECIDED)} WHERE m.id = n.id"
)
_LEASE_SLOTS = text(
    "UPDATE chat_slots SET free_at = n.lease_until"  # noqa: S608
    f" FROM {recordset({'slot': 'smallint', 'lease_until': 'timestamptz'})}"
    " WHERE chat_slots.phone_number_id = :number AND chat_slots.slot = n.slot"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process hands over, by a slot of its own, until `lease_until`."""

    id: UUID
    slot: int
    lease_until: datetime
    to_wa: str | None
    to_user_id: str | None
    reply_to: str | None
    shape: Shape
    as_template: bool
    draft: Draft
    event_id: UUID | None = None

    @property
    def to(self) -> str:
        """Their number, or WhatsApp's id of them."""
        to = self.to_wa or self.to_user_id
        assert to is not None
        return to


@dataclass(frozen=True, slots=True)
class Claims:
    """What was taken, and how many were refused or put off on the way, whose slots stayed free."""

    taken: Sequence[Claimed] = ()
    refused: int = 0


async def make_slots(session: WriteSession, number: str, most: int) -> None:
    """The places in each second of a phone number, once."""
    await session.execute(_MAKE_SLOTS, {"number": number, "most": most})


async def is_anything_due(session: ReadSession) -> bool:
    """Whether a message could leave now if there is a slot; takes no lock, so that idle senders cost little."""
    return bool(await session.scalar(_IS_DUE, {"priorities": _PRIORITIES}))


async def claim(session: WriteSession, number: str, most: int) -> Claims:
    """Take the messages that are due first, as many as the number has of `most` slots free, and take those slots.

    Which is first is decided here and no earlier, so that a confirmation overtakes what has waited. **Locks** both,
    skipping what is locked.
    """
    asked = {"number": number, "most": most, "lease": LEASE_SECONDS}
    slots = (await session.execute(_FREE_SLOTS, asked)).all()
    if not slots:
        return Claims()
    wanted = {
        "count": len(slots),
        "priorities": _PRIORITIES,
        "usable": sorted(USABLE),
        "refused": REFUSED,
        "look": TEMPLATE_LOOK_SECONDS,
        "patience": TEMPLATE_PATIENCE_HOURS,
    }
    rows = (await session.execute(_TAKE, wanted)).mappings().all()
    if not rows:
        return Claims()
    lease_until: datetime = slots[0].lease_until
    free = iter([int(slot.slot) for slot in slots])
    decided = [_decide(row, free, lease_until) for row in rows]
    taken = [each for each in decided if isinstance(each, Claimed)]
    await session.execute(_DECIDE, pack(_row(row["id"], one) for row, one in zip(rows, decided, strict=True)))
    leases = pack({"slot": each.slot, "lease_until": each.lease_until} for each in taken)
    await session.execute(_LEASE_SLOTS, {**leases, "number": number})
    return Claims(taken, len(rows) - len(taken))


def _decide(row: Any, free: Iterator[int], lease_until: datetime) -> Claimed | Verdict:
    draft, standing = _draft(row), Standing(**{name: row[name] for name in Standing.__slots__})
    if refused := find_refusal(draft, standing):
        return refused
    as_template = goes_as_template(draft, standing)
    try:
        shape = shape_from_json(row["template"] if as_template else row["body"])
        if isinstance(shape, Picture) and draft.has_picture and draft.last_error == NO_PICTURE:
            shape = Text(shape.caption)
    except ValueError:
        return Verdict(MessageState.FAILED, UNREADABLE, draft.attempts)
    return Claimed(
        row["id"],
        next(free),
        lease_until,
        row["to_wa"],
        row["to_user_id"],
        row["reply_to"],
        shape,
        as_template,
        draft,
        row["event_id"],
    )


def _draft(row: Any) -> Draft:
    return Draft(
        Line(row["line"]),
        Category(row["category"]),
        has_body=row["body"] is not None,
        has_template=row["template"] is not None,
        must_be_template=row["must_be_template"],
        attempts=row["attempts"],
        away_tries=row["away_tries"],
        has_picture=row["has_picture"],
        last_error=row["error_code"],
        is_late=row["is_late"],
    )


def _row(message_id: UUID, decided: Claimed | Verdict) -> dict[str, Any]:
    if isinstance(decided, Verdict):
        return {
            "id": message_id,
            "state": decided.state.value,
            "lease_until": None,
            "attempts": decided.attempts,
            "as_template": decided.must_be_template or None,
            "error_code": decided.error_code,
            "wait_seconds": decided.wait_seconds,
        }
    return {
        "id": message_id,
        "state": MessageState.SENDING.value,
        "lease_until": decided.lease_until,
        "attempts": decided.draft.attempts + 1,
        "as_template": decided.as_template,
        "error_code": decided.draft.last_error,
        "wait_seconds": None,
    }
