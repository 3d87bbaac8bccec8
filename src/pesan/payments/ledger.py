"""The ledger: every rupiah that came, and where it is. Double entry, append-only; each movement sums to zero."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, text

from pesan.db import ReadSession, WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.kit.ids import new_id
from pesan.payments.models import LedgerEntry
from pesan.payments.states import ROUTES, Account, Reason

WAYS_BACK = {Account.CUSTOMER: Reason.REFUND_DUE, Account.FULFILLED: Reason.REVOCATION}
"""By which way each account gives back what is due."""


_ENTRY = {
    "id": "uuid",
    "transaction_id": "uuid",
    "merchant_id": "uuid",
    "order_id": "uuid",
    "source_id": "uuid",
    "account": "text",
    "amount": "bigint",
    "currency": "text",
    "reason": "text",
}
_NAMES = ", ".join(_ENTRY)
_POST = text(f"INSERT INTO ledger_entries ({_NAMES}) SELECT {_NAMES} FROM {recordset(_ENTRY)}")  # noqa: S608
POSTING: Mapping[str, str] = {"transaction_id": "uuid", "from_id": "uuid", "to_id": "uuid"}
"""What a statement that finds out by itself how much moves gets from us, for each movement: the ids of its rows."""


def posting(reason: Reason) -> str:
    """The end of a statement that writes the movements of its CTE `moved`, and answers both rows of each.

    `moved` has the columns source_id, order_id, merchant_id, amount, currency, and those of `POSTING`.
    """
    source, target = ROUTES[reason]
    return (
        f"INSERT INTO ledger_entries ({_NAMES}) SELECT side.id, m.transaction_id, m.merchant_id, m.order_id,"  # noqa: S608
        f" m.source_id, side.account, side.amount, m.currency, '{reason.value}' FROM moved m CROSS JOIN LATERAL"
        f" (VALUES (m.from_id, '{source.value}', m.amount), (m.to_id, '{target.value}', -m.amount))"
        " AS side (id, account, amount) RETURNING source_id, order_id, merchant_id, amount, currency"
    )


def posting_ids() -> dict[str, UUID]:
    """The ids of one movement's rows."""
    return {name: new_id() for name in POSTING}


_FULFIL = text(
    f"WITH moved AS (SELECT n.order_id AS source_id, e.order_id, e.merchant_id, -sum(e.amount) AS amount,"  # noqa: S608
    " e.currency, n.transaction_id, n.from_id, n.to_id"
    f" FROM {recordset({'order_id': 'uuid', **POSTING})}"
    f" JOIN ledger_entries e ON e.order_id = n.order_id AND e.account = '{Account.CUSTOMER.value}'"
    " GROUP BY n.order_id, e.order_id, e.merchant_id, e.currency, n.transaction_id, n.from_id, n.to_id"
    f" HAVING sum(e.amount) < 0) {posting(Reason.FULFILMENT)}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money of one order on its way from one account to the next; `source_id` causes it, and only once."""

    reason: Reason
    order_id: UUID
    merchant_id: UUID
    source_id: UUID
    amount: int
    currency: str = "IDR"

    def entries(self) -> Iterator[dict[str, object]]:
        """The two rows of the movement, which sum to zero."""
        transaction_id = new_id()
        source, target = ROUTES[self.reason]
        for account, amount in ((source, self.amount), (target, -self.amount)):
            yield {
                "id": new_id(),
                "transaction_id": transaction_id,
                "merchant_id": self.merchant_id,
                "order_id": self.order_id,
                "source_id": self.source_id,
                "account": account.value,
                "amount": amount,
                "currency": self.currency,
                "reason": self.reason.value,
            }


async def post(session: WriteSession, movements: Sequence[Movement]) -> None:
    """Write movements in one statement; raises ValueError for an amount that is not above zero.

    Raises IntegrityError when a source causes the same movement a second time.
    """
    if any(movement.amount <= 0 for movement in movements):
        raise ValueError("money moves forward, in whole rupiah above zero")
    if movements:
        await session.execute(_POST, pack(entry for movement in movements for entry in movement.entries()))


async def record_fulfilment(executor: Executor, order_ids: Sequence[UUID]) -> None:
    """The orders got what they paid for: all that still belongs to their customers is earned."""
    await executor.execute(_FULFIL, pack({"order_id": order_id, **posting_ids()} for order_id in order_ids))


def read_movements(rows: Iterable[Row[Any]], reason: Reason) -> list[Movement]:
    """The movements that a `posting` answered, each by the side that it came from."""
    return [
        Movement(
            reason=reason,
            order_id=row.order_id,
            merchant_id=row.merchant_id,
            source_id=row.source_id,
            amount=row.amount,
            currency=row.currency,
        )
        for row in rows
        if row.amount > 0
    ]


async def take_back(session: WriteSession, order_ids: Sequence[UUID]) -> Sequence[Movement]:
    """All money of these orders is due back, out of whichever account has it; returns what moved.

    An order goes back as a whole only once, so that it is the cause itself.
    """
    movements = await _list_moves(session, order_ids, WAYS_BACK)
    await post(session, movements)
    return movements


async def get_returnable(session: ReadSession, order_id: UUID) -> int:
    """How much of an order's money would be due back if the order were refunded now."""
    return sum(movement.amount for movement in await _list_moves(session, [order_id], WAYS_BACK))


async def get_balances(session: ReadSession, order_id: UUID) -> Mapping[Account, int]:
    """What each account holds of one order's money, all of it positive."""
    rows = await session.execute(
        select(LedgerEntry.account, func.sum(LedgerEntry.amount))
        .where(LedgerEntry.order_id == order_id)
        .group_by(LedgerEntry.account)
    )
    return {Account(account): abs(int(amount)) for account, amount in rows}


async def _list_moves(
    session: ReadSession, order_ids: Sequence[UUID], ways: Mapping[Account, Reason]
) -> Sequence[Movement]:
    """What it takes to empty these accounts of these orders, each by its way; the order is the cause."""
    balances = (
        select(
            LedgerEntry.order_id,
            LedgerEntry.merchant_id,
            LedgerEntry.account,
            LedgerEntry.currency,
            (-func.sum(LedgerEntry.amount)).label("amount"),
        )
        .where(LedgerEntry.order_id.in_(order_ids), LedgerEntry.account.in_(ways))
        .group_by(LedgerEntry.order_id, LedgerEntry.merchant_id, LedgerEntry.account, LedgerEntry.currency)
        .having(func.sum(LedgerEntry.amount) < 0)
    )
    return [
        Movement(
            reason=ways[Account(row.account)],
            order_id=row.order_id,
            merchant_id=row.merchant_id,
            source_id=row.order_id,
            amount=int(row.amount),
            currency=row.currency,
        )
        for row in await session.execute(balances)
    ]
