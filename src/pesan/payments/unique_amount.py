"""Kode unik: the few rupiah on top that make an amount name its order (protocols §5.1, architecture "Rulings").

The final amount is unique per account until the end of the day that is 24 hours after the order's end, so that a late
transfer still finds its order. Three digits first, then four, then none: the proof alone has to do.
"""

from uuid import UUID

from sqlalchemy import text

from pesan.db import WriteSession

CODE_DIGITS = 3
# Above any amount that is sold here, for accounts without a cap of their own.
NO_CEILING = 10**15

_RESERVE = text("SELECT reserve_amount(:account_key, :base, :ceiling, :merchant_id, :order_id, :payment_id)")


async def reserve(
    session: WriteSession,
    *,
    account_key: str,
    base_amount: int,
    ceiling: int = NO_CEILING,
    merchant_id: UUID,
    order_id: UUID,
    payment_id: UUID,
) -> int | None:
    """The kode unik of a payment, reserved on its account; None when every amount up to `ceiling` is taken.

    **Locks** the amount against others who choose it at the same moment; the caller holds the order's lock.
    """
    amount = await session.scalar(
        _RESERVE,
        {
            "account_key": account_key,
            "base": base_amount,
            "ceiling": ceiling,
            "merchant_id": merchant_id,
            "order_id": order_id,
            "payment_id": payment_id,
        },
    )
    return None if amount is None else amount - base_amount


def format_code(code: int) -> str:
    """The kode unik as people read it: at least three digits, zeros included."""
    return f"{code:0{CODE_DIGITS}d}"
