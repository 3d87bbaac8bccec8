"""What became of handing messages over, written for many at once; a slot is free one second after its answer."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from pesan.chats.claiming import Claimed
from pesan.chats.contacts import meet, stop
from pesan.chats.lines import pause_all
from pesan.chats.locks import lock_messages
from pesan.chats.states import MessageState
from pesan.chats.verdicts import Verdict
from pesan.db import WriteSession
from pesan.db.rows import pack, recordset

# A status may have come before its answer, or the answer so late that the message was taken for lost. Where one of this
# very handing over was acted on already, it says more than the answer does.
_UNDER_WAY = "m.state IN ('queued', 'sending', 'unknown') AND m.wamid IS DISTINCT FROM n.wamid"
_ACCEPT = text(
    "UPDATE chat_messages m SET"  # noqa: S608
    " accepted_at = coalesce(m.accepted_at, clock_timestamp()),"
    f" lease_until = CASE WHEN m.state = 'sending' AND NOT ({_UNDER_WAY}) THEN m.lease_until END,"
    f" wamid = CASE WHEN {_UNDER_WAY} THEN n.wamid ELSE coalesce(m.wamid, n.wamid) END,"
    f" as_template = CASE WHEN {_UNDER_WAY} THEN n.as_template ELSE m.as_template END,"
    f" error_code = CASE WHEN {_UNDER_WAY} THEN NULL ELSE m.error_code END,"
    f" state = CASE WHEN {_UNDER_WAY} THEN 'accepted' ELSE m.state END"
    f" FROM {recordset({'id': 'uuid', 'wamid': 'text', 'as_template': 'boolean'})} WHERE m.id = n.id"
)
_JUDGED = {
    "id": "uuid",
    "lease_until": "timestamptz",
    "state": "text",
    "error_code": "text",
    "attempts": "smallint",
    "is_away": "boolean",
    "wait_seconds": "float8",
    "as_template": "boolean",
}
# Only what this process still holds: whoever lost its lease has nothing to say.
_JUDGE = text(
    "UPDATE chat_messages m SET state = n.state, lease_until = NULL, error_code = n.error_code,"  # noqa: S608
    " attempts = n.attempts, away_tries = m.away_tries + n.is_away::int, as_template = n.as_template,"
    " due_at = clock_timestamp() + make_interval(secs => n.wait_seconds),"
    " failed_at = CASE WHEN n.state = 'failed' THEN clock_timestamp() END"
    f" FROM {recordset(_JUDGED)} WHERE m.id = n.id AND m.state = 'sending' AND m.lease_until = n.lease_until"
)
_SPREAD = 0.25
_FREE_SLOTS = text(
    "UPDATE chat_slots SET free_at = clock_timestamp() + interval '1 second'"  # noqa: S608
    f" FROM {recordset({'slot': 'smallint', 'lease_until': 'timestamptz'})}"
    " WHERE chat_slots.phone_number_id = :number AND chat_slots.slot = n.slot"
    " AND chat_slots.free_at = n.lease_until"
)
# Whoever is written to too often has their other messages wait as well, in the order that they have.
_SLOW_DOWN = text(
    "UPDATE chat_messages SET due_at = clock_timestamp() + make_interval(secs => :wait_seconds) WHERE id IN ("
    "SELECT id FROM chat_messages WHERE state = 'queued' AND (to_wa = :wa OR to_user_id = :user_id)"
    " AND due_at < clock_timestamp() + make_interval(secs => :wait_seconds) FOR UPDATE SKIP LOCKED)"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message: WhatsApp's name of it, or what its failure asks for."""

    claimed: Claimed
    wamid: str | None = None
    verdict: Verdict | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the network is done with it. Without an answer it may still arrive, as long as its slot is taken."""
        return self.verdict is None or self.verdict.state is not MessageState.UNKNOWN


async def note(session: WriteSession, number: str, outcomes: Sequence[Outcome]) -> None:
    """Write outcomes. **Locks** the messages by id, then whom their failures say something of."""
    await lock_messages(session, [outcome.claimed.id for outcome in outcomes])
    accepted = [_accepted(outcome) for outcome in outcomes if outcome.verdict is None]
    judged = [_judged(outcome.claimed, outcome.verdict) for outcome in outcomes if outcome.verdict]
    if accepted:
        await session.execute(_ACCEPT, pack(accepted))
    if judged:
        await session.execute(_JUDGE, pack(judged))
    await free_slots(session, number, [outcome.claimed for outcome in outcomes if outcome.is_answered])
    # People in one order, as two senders may be told of the same ones.
    for outcome in sorted(outcomes, key=lambda each: each.claimed.to):
        if outcome.verdict is not None:
            await heed(session, outcome.verdict, outcome.claimed.to_wa, outcome.claimed.to_user_id)


async def free_slots(session: WriteSession, number: str, claims: Collection[Claimed]) -> None:
    """Give slots back, for a second from now, unless somebody else has them by now."""
    rows = pack({"slot": claimed.slot, "lease_until": claimed.lease_until} for claimed in claims)
    if claims:
        await session.execute(_FREE_SLOTS, {**rows, "number": number})


async def heed(session: WriteSession, verdict: Verdict, wa: str | None, user_id: str | None) -> None:
    """What a failure says of its recipient, unless they are erased, or of everybody. **Locks** the contact."""
    if verdict.pauses:
        await pause_all(session, verdict.error_code or "")
    if wa is None and user_id is None:
        return
    if verdict.slows_recipient:
        slowed = {"wa": wa, "user_id": user_id, "wait_seconds": verdict.wait_seconds}
        await session.execute(_SLOW_DOWN, slowed)
    if not verdict.is_unreachable and not verdict.stops_marketing:
        return
    contact = await meet(session, wa=wa, user_id=user_id)
    now = (await session.scalars(select(func.clock_timestamp()))).one()
    if verdict.is_unreachable:
        contact.unreachable_at = now
    if verdict.stops_marketing:
        await stop(session, contact, at=now, marketing_only=True)


def _accepted(outcome: Outcome) -> dict[str, Any]:
    claimed = outcome.claimed
    return {"id": claimed.id, "wamid": outcome.wamid, "as_template": claimed.as_template}


def _judged(claimed: Claimed, verdict: Verdict) -> dict[str, Any]:
    # On what is queued it is an order and not a record.
    is_queued = verdict.state is MessageState.QUEUED
    return {
        "id": claimed.id,
        "lease_until": claimed.lease_until,
        "state": verdict.state.value,
        "error_code": verdict.error_code,
        "attempts": verdict.attempts,
        "is_away": verdict.is_away,
        # Longer by up to a quarter, so that what failed together does not come back together.
        "wait_seconds": verdict.wait_seconds * random.uniform(1, 1 + _SPREAD),  # noqa: S311  guards nothing
        "as_template": (verdict.must_be_template or None) if is_queued else claimed.as_template,
    }
