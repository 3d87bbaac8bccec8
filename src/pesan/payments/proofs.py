"""Proofs of payment: how many fit, and the way from an uploaded file to a stored one."""

from uuid import UUID

from sqlalchemy import text

from pesan.db import ReadSession
from pesan.payments.companions import ProofCompanion
from pesan.payments.errors import TooManyProofs, UploadsBusy
from pesan.storage.inspection import CleanFile
from pesan.storage.uploads import MEGABYTE, Received

MAX_PROOFS_PER_ORDER = 5
MAX_BYTES_PER_ORDER = 30 * MEGABYTE
MAX_BYTES_PER_MERCHANT_AND_HOUR = 2048 * MEGABYTE
_RETRY_AFTER_SECONDS = 300

_USAGE = text("SELECT order_count, order_bytes, merchant_bytes FROM proof_usage(:order_id)")


async def require_room(session: ReadSession, order_id: UUID, size: int) -> None:
    """Refuse a proof of `size` bytes where the order or its merchant has enough of them.

    Ask before the object is stored. Raises TooManyProofs, UploadsBusy.
    """
    usage = (await session.execute(_USAGE, {"order_id": order_id})).one()
    if usage.order_count >= MAX_PROOFS_PER_ORDER or usage.order_bytes + size > MAX_BYTES_PER_ORDER:
        raise TooManyProofs
    if usage.merchant_bytes + size > MAX_BYTES_PER_MERCHANT_AND_HOUR:
        raise UploadsBusy(retry_after=_RETRY_AFTER_SECONDS)


def describe_proof(
    *, order_id: UUID, merchant_id: UUID, object_key: str, received: Received, clean: CleanFile
) -> ProofCompanion:
    """The row of a stored proof: the digest of what was sent, the measures of what was kept."""
    return ProofCompanion(
        order_id=order_id,
        merchant_id=merchant_id,
        object_key=object_key,
        mime=clean.main.mime,
        size=len(clean.main.content),
        sha256=received.sha256,
        phash=clean.phash,
        width=clean.main.width,
        height=clean.main.height,
    )
