"""The only place that locks requests."""

from uuid import UUID

from sqlalchemy import select

from pesan.db import WriteSession
from pesan.privacy.errors import RequestNotFound
from pesan.privacy.models import PrivacyRequest


async def lock_request(session: WriteSession, request_id: UUID) -> PrivacyRequest:
    """The request, with nobody else deciding it; raises RequestNotFound."""
    query = select(PrivacyRequest).where(PrivacyRequest.id == request_id).with_for_update(key_share=True)
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise RequestNotFound
    return found
