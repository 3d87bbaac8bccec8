"""Bulk writes of a group: one statement per table, however many moves it has."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    LargeBinary,
    String,
    TextClause,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.types import TypeEngine

from pesan.db import WriteSession
from pesan.orders.decide import Granted

Column = tuple[str, TypeEngine[Any], Callable[[Granted], object]]

_ORDER_COLUMNS: Sequence[Column] = (
    ("id", Uuid(), lambda g: g.order.id),
    ("merchant_id", Uuid(), lambda g: g.order.merchant_id),
    ("event_id", Uuid(), lambda g: g.order.event_id),
    ("user_id", Uuid(), lambda g: _wish(g).user_id),
    ("code", String(), lambda g: g.order.code),
    ("state", String(), lambda g: g.order.state.value),
    ("buyer_name", String(), lambda g: _wish(g).buyer_name),
    ("wa", String(), lambda g: g.order.wa),
    ("email", String(), lambda g: g.order.email),
    ("notes", String(), lambda g: _wish(g).notes),
    ("locale", String(), lambda g: _wish(g).locale),
    ("quantity", Integer(), lambda g: g.order.quantity),
    ("total_amount", BigInteger(), lambda g: g.order.total_amount),
    ("currency", String(), lambda g: g.order.currency),
    ("fulfilment", String(), lambda g: g.order.fulfilment),
    ("hold_expires_at", DateTime(timezone=True), lambda g: g.order.hold_expires_at),
    ("ip_digest", String(), lambda g: g.move.actor.ip_digest),
    ("placed_at", DateTime(timezone=True), lambda g: g.moved.at),
    ("state_changed_at", DateTime(timezone=True), lambda g: g.moved.at),
    ("audit_seq", Integer(), lambda g: g.order.audit_seq),
    ("audit_head", LargeBinary(), lambda g: g.order.audit_head),
)
_LINE_COLUMNS: Sequence[Column] = (
    ("id", Uuid(), lambda g: _wish(g).line_id),
    ("merchant_id", Uuid(), lambda g: g.order.merchant_id),
    ("order_id", Uuid(), lambda g: g.order.id),
    ("event_id", Uuid(), lambda g: g.order.event_id),
    ("title", String(), lambda g: g.title),
    ("quantity", Integer(), lambda g: g.order.quantity),
    ("unit_amount", BigInteger(), lambda g: g.order.total_amount // g.order.quantity),
)
_CHANGES: Sequence[Column] = (
    ("id", Uuid(), lambda g: g.order.id),
    ("state", String(), lambda g: g.order.state.value),
    ("submitted_at", DateTime(timezone=True), lambda g: g.order.submitted_at),
    ("ended_at", DateTime(timezone=True), lambda g: g.order.ended_at),
    ("reject_reason", String(), lambda g: g.order.reject_reason),
    ("decided_by", Uuid(), lambda g: g.order.decided_by),
    ("state_changed_at", DateTime(timezone=True), lambda g: g.moved.at),
    ("audit_seq", Integer(), lambda g: g.order.audit_seq),
    ("audit_head", LargeBinary(), lambda g: g.order.audit_head),
)


def _unnest(columns: Sequence[Column]) -> str:
    return f"unnest({', '.join(f':{name}' for name, _, _ in columns)})"


def _bound(sql: str, columns: Sequence[Column]) -> TextClause:
    return text(sql).bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind, _ in columns))


def _insert(table: str, columns: Sequence[Column]) -> TextClause:
    names = ", ".join(name for name, _, _ in columns)
    return _bound(f"INSERT INTO {table} ({names}) SELECT * FROM {_unnest(columns)}", columns)  # noqa: S608


def _update(table: str, columns: Sequence[Column]) -> TextClause:
    names = [name for name, _, _ in columns]
    changes = ", ".join(f"{name} = n.{name}" for name in names[1:])
    source = f"{_unnest(columns)} AS n ({', '.join(names)})"
    return _bound(f"UPDATE {table} o SET {changes} FROM {source} WHERE o.id = n.id", columns)  # noqa: S608


_INSERT_ORDERS = _insert("orders", _ORDER_COLUMNS)
_INSERT_LINES = _insert("order_lines", _LINE_COLUMNS)
_UPDATE_ORDERS = _update("orders", _CHANGES)


async def insert_orders(session: WriteSession, granted: Sequence[Granted]) -> None:
    """Write the orders and lines of granted placements."""
    if granted:
        await session.execute(_INSERT_ORDERS, _values(granted, _ORDER_COLUMNS))
        await session.execute(_INSERT_LINES, _values(granted, _LINE_COLUMNS))


async def update_orders(session: WriteSession, granted: Sequence[Granted]) -> None:
    """Write what granted moves changed of orders that were there; of several for one order, the last."""
    last = {grant.order.id: grant for grant in granted}
    if last:
        await session.execute(_UPDATE_ORDERS, _values(list(last.values()), _CHANGES))


def _values(granted: Sequence[Granted], columns: Sequence[Column]) -> dict[str, list[object]]:
    return {name: [value(grant) for grant in granted] for name, _, value in columns}


def _wish(grant: Granted) -> Any:
    return grant.move.placement
