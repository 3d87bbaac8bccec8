"""Lines that a program posts one by one, as its bank tells of them: known again by the bank's own reference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import count

from sqlalchemy import select

from pesan.db import ReadSession, WriteSession
from pesan.payments.locks import lock_method
from pesan.payments.models import PaymentMethod
from pesan.payments.statements.models import BankLine
from pesan.payments.statements.reading import Line, tidy
from pesan.payments.statements.service import add_lines


@dataclass(frozen=True, slots=True)
class PostedLine:
    """Money that came to an account, by the name that the bank gives it."""

    posted_on: date
    amount: int
    description: str
    reference: str


@dataclass(frozen=True, slots=True)
class KeptLine:
    """Which line of the account's a posted one is, and whether it was known before."""

    line: Line
    is_known: bool


async def post_lines(
    session: WriteSession, *, method: PaymentMethod, posted: Sequence[PostedLine]
) -> Sequence[KeptLine]:
    """Keep what is not there yet, whether a file brought it or a program; one answer for each posted line.

    **Locks** the account. **Enqueues** the matching of what is new.
    """
    await lock_method(session, method.id)
    kept = number_lines(posted, await _find_known(session, method, posted))
    once = {each.line.fingerprint: each.line for each in kept}
    await add_lines(session, method=method, lines=list(once.values()))
    return kept


def number_lines(posted: Sequence[PostedLine], known: dict[bytes, str | None]) -> Sequence[KeptLine]:
    """Which of the lines that read the same each posted one is; `known` has those that are there, and gets the others.

    A file does not say references: its lines are taken by the first programs that tell of lines like them.
    """
    return [_place(each, known) for each in posted]


def _place(posted: PostedLine, known: dict[bytes, str | None]) -> KeptLine:
    wanted = Line(posted.posted_on, posted.amount, tidy(posted.description), reference=posted.reference)
    nameless: Line | None = None
    for number in count(1):
        wanted = replace(wanted, number=number)
        if wanted.fingerprint not in known:
            break
        reference = known[wanted.fingerprint]
        if reference == posted.reference:
            return KeptLine(wanted, is_known=True)
        if reference is None and nameless is None:
            nameless = wanted
    line = nameless or wanted
    known[line.fingerprint] = posted.reference
    return KeptLine(line, is_known=nameless is not None)


async def _find_known(
    session: ReadSession, method: PaymentMethod, posted: Sequence[PostedLine]
) -> dict[bytes, str | None]:
    alike = (
        BankLine.method_id == method.id,
        BankLine.posted_on.in_({each.posted_on for each in posted}),
        BankLine.amount.in_({each.amount for each in posted}),
    )
    rows = await session.execute(select(BankLine.fingerprint, BankLine.reference).where(*alike))
    return {row.fingerprint: row.reference for row in rows}
