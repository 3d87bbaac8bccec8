"""Writes to bank statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from pesan.db import WriteSession
from pesan.db.pipeline import Executor
from pesan.db.rows import pack, recordset
from pesan.jobs import enqueue
from pesan.kit.ids import new_id
from pesan.orders.moves import Stage
from pesan.payments.locks import lock_method
from pesan.payments.models import PaymentMethod
from pesan.payments.statements.errors import LineNotFound
from pesan.payments.statements.models import StatementFormat
from pesan.payments.statements.reading import Line
from pesan.payments.statements.states import MATCH_TASK, MatchKind

_MATCH = {"line_id": "uuid", "merchant_id": "uuid", "order_id": "uuid", "payment_id": "uuid", "kind": "text"}
_NAMES = ", ".join(_MATCH)
_INSERT = text(f"INSERT INTO bank_matches ({_NAMES}) SELECT {_NAMES} FROM {recordset(_MATCH)}")  # noqa: S608
_CLOSE = text(
    f"UPDATE bank_lines l SET state = 'matched' FROM {recordset({'line_id': 'uuid'})} WHERE l.id = n.line_id"  # noqa: S608
)
_LINE = {
    "id": "uuid",
    "merchant_id": "uuid",
    "method_id": "uuid",
    "posted_on": "date",
    "amount": "bigint",
    "description": "text",
    "fingerprint": "bytea",
    "reference": "text",
}
_COLUMNS = ", ".join(_LINE)
# One statement, because a month of a busy account is thousands of lines. A line that a file brought first gets the
# reference by which a program knows it.
_ADD = text(
    f"WITH n AS (SELECT * FROM {recordset(_LINE)}), kept AS ("  # noqa: S608
    f"INSERT INTO bank_lines AS l ({_COLUMNS}) SELECT {_COLUMNS} FROM n"
    " ON CONFLICT (method_id, fingerprint) DO UPDATE SET reference = excluded.reference"
    " WHERE l.reference IS NULL AND excluded.reference IS NOT NULL RETURNING id)"
    " SELECT count(*) FROM kept JOIN n USING (id)"
)
_LEAVE = text("UPDATE bank_lines SET state = 'open' WHERE id = :id AND state = 'new'")
_DISMISS = text(
    "UPDATE bank_lines SET state = 'dismissed', decided_by = :by"
    " WHERE id = :id AND merchant_id = :merchant AND state = 'open' RETURNING id"
)


@dataclass(frozen=True, slots=True)
class MatchCompanion:
    """A line that is an order's money, written with the move that the money makes.

    The key of a match is its line, so the same line moves nothing a second time: the whole move fails instead.
    """

    stage: ClassVar[Stage] = Stage.EVIDENCE

    line_id: UUID
    merchant_id: UUID
    order_id: UUID
    kind: MatchKind
    payment_id: UUID | None = None

    @classmethod
    async def write_many(cls, executor: Executor, items: Sequence[Self]) -> None:
        """Write the matches of a group, and close their lines; raises IntegrityError for a line that has one."""
        rows = pack({name: getattr(item, name) for name in _MATCH} for item in items)
        await executor.execute(_INSERT, rows)
        await executor.execute(_CLOSE, rows)


async def add_lines(
    session: WriteSession,
    *,
    method: PaymentMethod,
    lines: Sequence[Line],
    columns: Mapping[str, str] | None = None,
) -> int:
    """Keep the lines that are not there yet, and how the bank's files are written; returns how many were new.

    **Locks** the account, so that whoever numbers lines that read the same sees all of them. **Enqueues** their
    matching.
    """
    await lock_method(session, method.id)
    if columns is not None:
        await _remember(session, method, columns)
    if not lines:
        return 0
    added: int = (await session.execute(_ADD, pack(_row(method, line) for line in lines))).scalar_one()
    if added:
        await enqueue(session, MATCH_TASK, method_id=method.id)
    return added


async def leave_to_people(session: WriteSession, line_id: UUID) -> None:
    """Nothing fits this line by itself: somebody has to look at it."""
    await session.execute(_LEAVE, {"id": line_id})


async def dismiss_line(session: WriteSession, line_id: UUID, *, merchant_id: UUID, by: UUID | None) -> None:
    """The line is no order's money; raises LineNotFound when it is not open any more."""
    row = await session.execute(_DISMISS, {"id": line_id, "merchant": merchant_id, "by": by})
    if row.scalar_one_or_none() is None:
        raise LineNotFound


def _row(method: PaymentMethod, line: Line) -> dict[str, Any]:
    return {
        "id": new_id(),
        "merchant_id": method.merchant_id,
        "method_id": method.id,
        "posted_on": line.posted_on,
        "amount": line.amount,
        "description": line.description,
        "fingerprint": line.fingerprint,
        "reference": line.reference,
    }


async def _remember(session: WriteSession, method: PaymentMethod, columns: Mapping[str, str]) -> None:
    values = {"method_id": method.id, "merchant_id": method.merchant_id, "columns": dict(columns)}
    statement = insert(StatementFormat).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["method_id"], set_={"columns": statement.excluded.columns}
        )
    )
