"""The only place that locks rows of payments.

Payments themselves are guarded by their order's lock, and amounts by their primary key.
"""

from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.payments.errors import MethodNotFound
from pesan.payments.models import PaymentMethod


async def lock_method(session: WriteSession, method_id: UUID) -> PaymentMethod:
    """A payment method, locked for a change; raises MethodNotFound."""
    query = select(PaymentMethod).where(PaymentMethod.id == method_id).with_for_update(key_share=True)
    method = await session.scalar(query.execution_options(populate_existing=True))
    if method is None:
        raise MethodNotFound
    return method
