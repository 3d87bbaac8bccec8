"""The one gate: the only writer of an order's state, for many moves at once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import cast
from uuid import UUID

from pesan.audit import NewEntry, record_many
from pesan.capacity.service import (
    ClaimTime,
    NewClaim,
    Returned,
    insert_claims,
    move_claims,
    release_claims,
    write_counts,
)
from pesan.capacity.states import Bucket
from pesan.catalog.terms import SlotTerms
from pesan.db import WriteSession
from pesan.db.pipeline import Executor, pipelined
from pesan.errors import PesanError
from pesan.idempotency.service import Answer, Wanted, store_many
from pesan.jobs import enqueue_many
from pesan.jobs.registry import JobArgument
from pesan.kit.ids import new_id
from pesan.orders.decide import decide
from pesan.orders.keys import resolve_keys
from pesan.orders.models import Order
from pesan.orders.moves import Companion, Move, Moved, Replayed, Stage
from pesan.orders.reading import read_situation
from pesan.orders.situation import Granted, LineClaim, Situation
from pesan.orders.states import (
    ANNOUNCE_TASK,
    ANNOUNCED,
    BUCKETS,
    END_TASKS,
    ENDS_WITHOUT_GOODS,
    KNOWN_BY_DESK,
    LOOK_TASK,
    PROOF_TASKS,
    PROOFS,
    REPEATED,
    TELL_BUYER_TASK,
)
from pesan.orders.writes import insert_orders, reprice_lines, update_orders

Outcome = Moved | Replayed | PesanError
Job = tuple[str, Mapping[str, JobArgument]]
_WRITTEN_BLINDLY = frozenset(Stage) - {Stage.RETURN}


async def transition_many(session: WriteSession, moves: Sequence[Move]) -> list[Outcome]:
    """Decide and write a group of moves of one sale, in arrival order; one outcome per move.

    A refused move changes nothing and does not disturb the others. Claims, audit entries, companions, stored answers
    and follow-up jobs are written in the caller's transaction.

    **Locks** idempotency keys, then orders by id, then pools by id. **Enqueues** what the transition table names.
    """
    keys = await resolve_keys(session, moves)
    fresh = [moves[index] for index in keys.fresh]
    decisions: list[Granted | PesanError] = []
    if fresh:
        situation = await read_situation(session, fresh)
        decisions = [decide(move, situation) for move in fresh]
        await _write(session, situation, [d for d in decisions if isinstance(d, Granted)])
    outcomes = {index: _outcome(decision) for index, decision in zip(keys.fresh, decisions, strict=True)}
    return keys.spread(outcomes)


def _outcome(decision: Granted | PesanError) -> Outcome:
    return decision.moved if isinstance(decision, Granted) else decision


async def _write(session: WriteSession, situation: Situation, granted: Sequence[Granted]) -> None:
    if not granted:
        return
    entries = _chain(granted)  # first, because it moves the heads that the orders are written with
    placed = [grant for grant in granted if grant.source is None]
    moved = [grant for grant in granted if grant.source is not None]
    async with pipelined(session) as pipe:
        await write_counts(pipe, situation.pools.values())
        await insert_orders(pipe, placed)
        await insert_claims(pipe, [claim for grant in placed for claim in _placed_claims(grant)])
        await record_many(pipe, entries)
        await update_orders(pipe, moved)
        await reprice_lines(pipe, moved)
        await release_claims(pipe, _returned(moved))
        # After what goes back, because the time that an order takes may overlap the one that it had.
        await insert_claims(pipe, [claim for grant in moved for claim in _claims(grant, grant.acquired)])
        await move_claims(pipe, _bucket_changes(moved))
        await store_many(session, _answers(granted))
        await _write_companions(pipe, granted, _WRITTEN_BLINDLY)
        await enqueue_many(pipe, _jobs(granted, situation))
    await _write_companions(session, granted, {Stage.RETURN})


def _answers(granted: Sequence[Granted]) -> list[tuple[Wanted, Answer]]:
    moves = [(grant.move, grant.moved) for grant in granted]
    return [(move.wanted, move.render(moved)) for move, moved in moves if move.wanted and move.render]


def _chain(granted: Sequence[Granted]) -> list[NewEntry]:
    """One audit entry per grant, each chained to the last of its order, which keeps the head."""
    entries: list[NewEntry] = []
    # A group may move one order twice, and each grant has facts of its own.
    heads: dict[UUID, tuple[int, bytes]] = {}
    for grant in granted:
        order = grant.order
        seq, head = heads.get(order.id, (order.audit_seq, order.audit_head))
        entry = NewEntry(
            subject_kind=Order.audit_kind,
            subject_id=order.id,
            seq=seq + 1,
            prev_hash=head,
            action=grant.transition.action,
            actor=grant.move.actor,
            merchant_id=order.merchant_id,
            reason=grant.move.reason,
            data={
                "from": grant.source.value if grant.source else None,
                "to": order.state.value,
                **grant.move.data,
            },
            at=grant.moved.at,
        )
        order.audit_seq, order.audit_head = heads[order.id] = entry.seq, entry.hash
        entries.append(entry)
    return entries


def _placed_claims(grant: Granted) -> list[NewClaim]:
    assert grant.placed is not None
    return _claims(grant, grant.placed.claims)


def _claims(grant: Granted, claims: Sequence[LineClaim]) -> list[NewClaim]:
    return [
        NewClaim(
            id=new_id(),
            merchant_id=grant.order.merchant_id,
            order_id=grant.order.id,
            line_id=claim.line_id,
            pool_id=claim.pool_id,
            quantity=claim.quantity,
            bucket=BUCKETS[grant.order.state],
            time=_time_of(claim.slot),
        )
        for claim in claims
    ]


def _time_of(slot: SlotTerms | None) -> ClaimTime | None:
    return ClaimTime(slot.resource, slot.starts_at, slot.ends_at) if slot else None


def _bucket_changes(moved: Sequence[Granted]) -> list[tuple[UUID, Bucket]]:
    """Of the orders whose bucket changed: what one of the others gave back before stays given back."""
    last = {grant.order.id: BUCKETS[grant.order.state] for grant in moved}
    changed = {grant.order.id for grant in moved if _has_changed_bucket(grant)}
    return [(order_id, bucket) for order_id, bucket in last.items() if order_id in changed]


def _has_changed_bucket(grant: Granted) -> bool:
    return grant.source is None or BUCKETS[grant.source] is not BUCKETS[grant.order.state]


def _returned(moved: Sequence[Granted]) -> list[Returned]:
    """What amended orders give back of each line and pool; several amendments of a group together."""
    sums: Counter[tuple[UUID, UUID]] = Counter()
    for grant in moved:
        for release in grant.move.amendment.releases:
            sums[release.line_id, release.pool_id] += release.quantity
    return [Returned(new_id(), line_id, pool_id, sums[line_id, pool_id]) for line_id, pool_id in sorted(sums)]


async def _write_companions(
    executor: Executor, granted: Sequence[Granted], stages: Collection[Stage]
) -> None:
    companions = [one for grant in granted for one in grant.companions if one.stage in stages]
    by_kind = sorted(companions, key=lambda companion: (companion.stage, type(companion).__name__))
    for kind, group in groupby(by_kind, key=type):
        await _write_kind(executor, kind, list(group))


async def _write_kind(executor: Executor, kind: type[Companion], group: Sequence[Companion]) -> None:
    # Those that read what they are written with are of the last stage, whose executor is the session itself.
    await kind.write_many(cast("WriteSession", executor), group)


def _jobs(granted: Sequence[Granted], situation: Situation) -> list[Job]:
    jobs = [job for grant in granted for job in _follow_ups(grant)]
    if situation.announced:
        jobs += [_announcement(grant) for grant in granted if _is_announced(grant, situation)]
    return jobs


def _is_announced(grant: Granted, situation: Situation) -> bool:
    target = grant.transition.target
    return grant.order.event_id in situation.announced and target in ANNOUNCED and target is not grant.source


def _announcement(grant: Granted) -> Job:
    """What the organizer's programs are told: the message's name is made here, so that it is told once."""
    at_ms = int(grant.moved.at.timestamp() * 1_000)
    told = {"message_id": new_id(), "order_id": grant.order.id, "state": grant.transition.target.value}
    return ANNOUNCE_TASK, {**told, "at_ms": at_ms}


def _follow_ups(grant: Granted) -> list[Job]:
    order_id = str(grant.order.id)
    jobs: list[Job] = []
    if grant.transition.follow_up:
        name = grant.transition.follow_up.format(fulfilment=grant.order.fulfilment)
        jobs.append((name, {"order_id": order_id}))
    if grant.transition.tells_buyer and _is_known(grant):
        jobs.append((TELL_BUYER_TASK, {"order_id": order_id, **_told(grant)}))
    if _comes_to_nothing(grant) and (ending := END_TASKS.get(grant.order.fulfilment)):
        jobs.append((ending, {"order_id": order_id}))
    if grant.move.event in PROOFS and (telling := PROOF_TASKS.get(grant.order.fulfilment)):
        jobs.append((telling, {"order_id": order_id}))
    if grant.transition.is_looked_at:
        jobs.append((LOOK_TASK, {"order_id": order_id}))
    return jobs


def _is_known(grant: Granted) -> bool:
    order = grant.order
    return bool(order.email or order.wa) or order.fulfilment in KNOWN_BY_DESK


def _comes_to_nothing(grant: Granted) -> bool:
    return grant.order.state in ENDS_WITHOUT_GOODS and grant.order.state is not grant.source


def _told(grant: Granted) -> Mapping[str, JobArgument]:
    """Which move the buyer is told of; what can happen again is named, because the job runs when more may have."""
    event = grant.move.event
    again = f"move-{grant.order.audit_seq}" if event in REPEATED else None
    occasion = grant.move.occasion or again
    return {"event": event.value, "occasion": str(occasion)} if occasion else {"event": event.value}
