"""The one gate: the only writer of a session's state, for many moves at once."""

from collections.abc import Sequence

from pesan.audit import NewEntry, record_many
from pesan.booths.decide import decide
from pesan.booths.feed import tell_many
from pesan.booths.locks import lock_sessions
from pesan.booths.moves import Granted, Moved, SessionMove, Situation
from pesan.booths.states import SessionEvent
from pesan.booths.telling import event_of
from pesan.booths.writes import update_heads, update_sessions
from pesan.db import WriteSession
from pesan.db.pipeline import pipelined
from pesan.errors import PesanError
from pesan.orders.models import Order

Outcome = Moved | PesanError


async def transition_many(session: WriteSession, moves: Sequence[SessionMove]) -> list[Outcome]:
    """Decide and write a group of moves, in arrival order; one outcome per move. For a session in the role of a sale.

    A refused move changes nothing and does not disturb the others. What happens to a session stands in its order's
    history, and is told in its outlet's feed: hint at it after the commit.

    **Locks** orders by id, then booths by id, then the feeds by event id.
    """
    if not moves:
        return []
    situation = await lock_sessions(
        session,
        [move.session_id for move in moves],
        starting={move.session_id for move in moves if move.event is SessionEvent.START},
    )
    decisions = [decide(move, situation) for move in moves]
    await _write(
        session, situation, [step for found in decisions if isinstance(found, list) for step in found]
    )
    return [_outcome(decision, situation) for decision in decisions]


def _outcome(decision: list[Granted] | PesanError, situation: Situation) -> Outcome:
    if isinstance(decision, PesanError):
        return decision
    changed = decision[-1].session
    return Moved(
        changed.id, changed.merchant_id, changed.event_id, changed.state, situation.now, session=changed
    )


async def _write(session: WriteSession, situation: Situation, granted: Sequence[Granted]) -> None:
    if not granted:
        return
    last = {step.session.id: step.session for step in granted}
    entries = [_entry(step, situation) for step in granted]  # moves the heads that are written with them
    async with pipelined(session) as pipe:
        await update_sessions(pipe, list(last.values()), situation.now)
        await record_many(pipe, entries)
        await update_heads(pipe, {order_id: situation.heads[order_id] for order_id in last})
        told = [event_of(step.session, step.transition.kind, situation.now) for step in granted]
        await tell_many(pipe, told)


def _entry(step: Granted, situation: Situation) -> NewEntry:
    """The next entry of the order's history, chained to the one before."""
    changed = step.session
    seq, head = situation.heads[changed.id]
    entry = NewEntry(
        subject_kind=Order.audit_kind,
        subject_id=changed.id,
        seq=seq + 1,
        prev_hash=head,
        action=step.transition.action,
        actor=step.actor,
        merchant_id=changed.merchant_id,
        reason=step.reason,
        data={"from": step.source.value, "to": changed.state.value, "booth_id": str(changed.booth_id)},
        at=situation.now,
    )
    situation.heads[changed.id] = (entry.seq, entry.hash)
    return entry
