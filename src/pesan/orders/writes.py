"""Bulk writes of a group: one statement per table, however many moves it has."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TextClause, text

from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.orders.situation import Granted

_ORDER_COLUMNS: Mapping[str, str] = {
    "id": "uuid",
    "merchant_id": "uuid",
    "event_id": "uuid",
    "user_id": "uuid",
    "code": "text",
    "state": "text",
    "buyer_name": "text",
    "wa": "text",
    "email": "text",
    "notes": "text",
    "locale": "text",
    "quantity": "integer",
    "subtotal_amount": "bigint",
    "discount_amount": "bigint",
    "fees_amount": "bigint",
    "tax_amount": "bigint",
    "total_amount": "bigint",
    "balance_due_amount": "bigint",
    "promo_code_id": "uuid",
    "currency": "text",
    "fulfilment": "text",
    "hold_expires_at": "timestamptz",
    "ip_digest": "text",
    "network_digest": "text",
    "device_digest": "text",
    "ip_country": "text",
    "placed_at": "timestamptz",
    "state_changed_at": "timestamptz",
    "audit_seq": "integer",
    "audit_head": "bytea",
    "legal_ids": "uuid[]",
}
_LINE_COLUMNS: Mapping[str, str] = {
    "id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "event_id": "uuid",
    "ticket_type_id": "uuid",
    "title": "text",
    "quantity": "integer",
    "unit_amount": "bigint",
}
_CHANGES: Mapping[str, str] = {
    "id": "uuid",
    "state": "text",
    "submitted_at": "timestamptz",
    "ended_at": "timestamptz",
    "reject_reason": "text",
    "decided_by": "uuid",
    "state_changed_at": "timestamptz",
    "returned_quantity": "integer",
    "subtotal_amount": "bigint",
    "total_amount": "bigint",
    "balance_due_amount": "bigint",
    "balance_submitted_at": "timestamptz",
    "audit_seq": "integer",
    "audit_head": "bytea",
}


def _insert(table: str, columns: Mapping[str, str]) -> TextClause:
    names = ", ".join(columns)
    return text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {recordset(columns)}")  # noqa: S608


def _update(table: str, columns: Mapping[str, str]) -> TextClause:
    changes = ", ".join(_assignment(name) for name in columns if name != "id")
    return text(f"UPDATE {table} o SET {changes} FROM {recordset(columns)} WHERE o.id = n.id")  # noqa: S608


def _assignment(name: str) -> str:
    """An order that is paid again stays where it is, and came there when it did."""
    if name == "state_changed_at":
        return f"{name} = CASE WHEN o.state = n.state THEN o.{name} ELSE n.{name} END"
    return f"{name} = n.{name}"


_INSERT_ORDERS = _insert("orders", _ORDER_COLUMNS)
_INSERT_LINES = _insert("order_lines", _LINE_COLUMNS)
_UPDATE_ORDERS = _update("orders", _CHANGES)
_PRICE: Mapping[str, str] = {"id": "uuid", "order_id": "uuid", "unit_amount": "bigint"}
_REPRICE_LINES = text(
    "UPDATE order_lines l SET unit_amount = n.unit_amount"  # noqa: S608
    f" FROM {recordset(_PRICE)} WHERE l.id = n.id AND l.order_id = n.order_id"
)


async def insert_orders(executor: Executor, granted: Sequence[Granted]) -> None:
    """Write the orders and lines of granted placements."""
    if granted:
        await executor.execute(_INSERT_ORDERS, pack(_order(grant) for grant in granted))
        await executor.execute(_INSERT_LINES, pack(line for grant in granted for line in _lines(grant)))


async def update_orders(executor: Executor, granted: Sequence[Granted]) -> None:
    """Write what granted moves changed of orders that were there; of several for one order, the last."""
    last = {grant.order.id: grant for grant in granted}
    if last:
        await executor.execute(_UPDATE_ORDERS, pack(_changed(grant) for grant in last.values()))


async def reprice_lines(executor: Executor, granted: Sequence[Granted]) -> None:
    """Write the prices that buyers agreed to; of several for one line, the last."""
    prices = {
        line_id: {
            "id": line_id,
            "order_id": grant.order.id,
            "unit_amount": grant.move.repricing.new_amount,
        }
        for grant in granted
        for line_id in grant.move.repricing.line_ids
    }
    if prices:
        await executor.execute(_REPRICE_LINES, pack(prices.values()))


def _order(grant: Granted) -> dict[str, Any]:
    order, wish, placed, at = grant.order, grant.move.placement, grant.placed, grant.moved.at
    assert wish is not None
    assert placed is not None
    return {
        "id": order.id,
        "merchant_id": order.merchant_id,
        "event_id": order.event_id,
        "user_id": wish.user_id,
        "code": order.code,
        "state": order.state.value,
        "buyer_name": wish.buyer_name,
        "wa": order.wa,
        "email": order.email,
        "notes": wish.notes,
        "locale": wish.locale,
        "quantity": order.quantity,
        "subtotal_amount": placed.totals.subtotal,
        "discount_amount": placed.totals.discount,
        "fees_amount": placed.totals.fees,
        "tax_amount": placed.totals.tax,
        "total_amount": order.total_amount,
        "balance_due_amount": order.balance_due_amount,
        "promo_code_id": wish.promo.promo_id if wish.promo else None,
        "currency": order.currency,
        "fulfilment": order.fulfilment,
        "hold_expires_at": order.hold_expires_at,
        "ip_digest": grant.move.actor.ip_digest,
        "network_digest": wish.origin.network,
        "device_digest": wish.origin.device,
        "ip_country": wish.origin.country,
        "placed_at": at,
        "state_changed_at": at,
        "audit_seq": order.audit_seq,
        "audit_head": order.audit_head,
        "legal_ids": list(wish.legal_ids) or None,
    }


def _lines(grant: Granted) -> list[dict[str, Any]]:
    order, placed = grant.order, grant.placed
    assert placed is not None
    return [
        {
            "id": line.id,
            "merchant_id": order.merchant_id,
            "order_id": order.id,
            "event_id": order.event_id,
            "ticket_type_id": line.type_id,
            "title": line.title,
            "quantity": line.quantity,
            "unit_amount": line.unit_amount,
        }
        for line in placed.lines
    ]


def _changed(grant: Granted) -> dict[str, Any]:
    order = grant.order
    return {
        "id": order.id,
        "state": order.state.value,
        "submitted_at": order.submitted_at,
        "ended_at": order.ended_at,
        "reject_reason": order.reject_reason,
        "decided_by": order.decided_by,
        "state_changed_at": grant.moved.at,
        "returned_quantity": order.returned_quantity,
        "subtotal_amount": order.subtotal_amount,
        "total_amount": order.total_amount,
        "balance_due_amount": order.balance_due_amount,
        "balance_submitted_at": order.balance_submitted_at,
        "audit_seq": order.audit_seq,
        "audit_head": order.audit_head,
    }
