"""The only place that locks for sessions: their orders by id, then their booths by id, before anything is read.

A session is its order's: whoever changes one has the order, so that its own row is never locked.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from pesan.booths.moves import Promise, Replaced, SessionFacts, Situation, Unfulfilled
from pesan.booths.states import FULFILMENT, SessionState
from pesan.db import WriteSession
from pesan.db.pipeline import Row, pipelined
from pesan.orders.states import OrderState

_IDS = bindparam("ids", type_=ARRAY(Uuid()))
_OWN = ("id", "merchant_id", "event_id", "booth_id", "booth_name", "customer_name", "order_state")
_COLUMNS = tuple(part.name for part in fields(SessionFacts) if part.name not in _OWN)
# FOR NO KEY UPDATE does not fight with the foreign keys of whatever refers to them.
_ORDERS = text("SELECT 1 FROM orders WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE").bindparams(_IDS)
_OF_SESSIONS = "SELECT booth_id FROM booth_sessions WHERE id = ANY (:ids)"
_BOOTHS = text(
    f"SELECT 1 FROM booths WHERE id IN ({_OF_SESSIONS}) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608
).bindparams(_IDS)
_READ = text(
    "SELECT o.id, o.merchant_id, o.event_id, o.state, o.audit_seq, o.audit_head, s.booth_id, b.name,"  # noqa: S608
    " o.buyer_name,"
    f" {', '.join(f's.{name}' for name in _COLUMNS)}"
    " FROM orders o LEFT JOIN booth_sessions s ON s.id = o.id LEFT JOIN booths b ON b.id = s.booth_id"
    f" WHERE o.id = ANY (:ids) AND o.fulfilment = '{FULFILMENT}'"
).bindparams(_IDS)
_RUNNING = text(
    f"SELECT booth_id, id FROM booth_sessions WHERE state = 'ONGOING' AND booth_id IN ({_OF_SESSIONS})"  # noqa: S608
).bindparams(_IDS)
# Written as the constraint of claims is, so that its index is used. Holds whose time is over promise nothing, as in
# `taken_times`, whether they have been swept or not.
_PROMISED = text(
    "SELECT b.id, c.order_id, lower(c.period), upper(c.period) FROM booths b"  # noqa: S608
    " JOIN claims c ON int8range(c.resource, c.resource, '[]') && int8range(b.number, b.number, '[]')"
    " AND c.period && tstzrange(clock_timestamp(), clock_timestamp() + interval '1 day')"
    " AND c.resource IS NOT NULL AND c.bucket <> 'released'"
    " JOIN orders o ON o.id = c.order_id"
    " AND (o.state <> 'HOLD' OR greatest(o.hold_expires_at, o.payment_open_until) > clock_timestamp())"
    " LEFT JOIN booth_sessions s ON s.id = c.order_id"
    f" WHERE b.id IN ({_OF_SESSIONS}) AND (s.id IS NULL OR s.state = 'ARRIVED'"
    " OR (s.state = 'AWAITING_CUSTOMER' AND s.arrive_until >= clock_timestamp()))"
).bindparams(_IDS)
# What is no moment of what an override replaced.
_READERS: Mapping[str, Callable[[str], Any]] = {"override_by": UUID, "override_reason": str}
_NOW = text("SELECT clock_timestamp()")


async def lock_sessions(
    session: WriteSession, session_ids: Collection[UUID], *, starting: Collection[UUID] = ()
) -> Situation:
    """Lock orders by id and the booths of their sessions by id, then read them; unknown ids are absent.

    What the booths of `starting` are promised for is read too.
    """
    ids = {"ids": sorted(set(session_ids))}
    async with pipelined(session) as pipe:
        await pipe.execute(_ORDERS, ids)
        await pipe.execute(_BOOTHS, ids)
        rows = await pipe.ask(_READ, ids, list)
        running = await pipe.ask(_RUNNING, ids, _running)
        promised = await pipe.ask(_PROMISED, {"ids": sorted(starting)}, _promised) if starting else None
        now = await pipe.ask(_NOW, {}, list)
    situation = _situation(await rows.get(), await running.get(), await now.get())
    situation.promised = await promised.get() if promised else ()
    return situation


def _situation(rows: Sequence[Row], running: dict[UUID, UUID], now: Sequence[Row]) -> Situation:
    situation = Situation(now[0][0], running=running)
    for session_id, merchant_id, event_id, state, seq, head, booth_id, booth_name, name, *rest in rows:
        order = Unfulfilled(merchant_id, event_id, OrderState(state))
        situation.heads[session_id] = (seq, head)
        if booth_id is None:
            situation.unfulfilled[session_id] = order
            continue
        own = dict(
            zip(
                _OWN,
                (session_id, merchant_id, event_id, booth_id, booth_name, name, order.state),
                strict=True,
            )
        )
        situation.sessions[session_id] = _facts(own | dict(zip(_COLUMNS, rest, strict=True)))
    return situation


def _facts(values: Mapping[str, Any]) -> SessionFacts:
    before = values["overridden_from"]
    read = {
        "state": SessionState(values["state"]),
        "overridden_from": SessionState(before) if before else None,
        "replaced": _replaced(values["replaced"]) if before else None,
    }
    return SessionFacts(**{**values, **read})


def _replaced(values: Mapping[str, Any]) -> Replaced:
    """As it was before it was JSON, which knows neither moments nor ids."""
    readers = {name: _READERS.get(name, datetime.fromisoformat) for name in values}
    return Replaced(**{name: value and readers[name](value) for name, value in values.items()})


def _running(rows: Sequence[Row]) -> dict[UUID, UUID]:
    return {booth_id: session_id for booth_id, session_id in rows}  # noqa: C416  a row is a tuple


def _promised(rows: Sequence[Row]) -> list[Promise]:
    return [Promise(*row) for row in rows]
