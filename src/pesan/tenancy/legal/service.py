"""Publishing legal pages."""

from uuid import UUID

from sqlalchemy import func, select

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.tenancy.legal.defaults import DEFAULTS
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.states import LegalKind
from pesan.tenancy.models import Merchant


async def seed(session: WriteSession, merchant_id: UUID) -> None:
    """Give a new merchant texts to start from, so that no page of theirs is without; they are theirs to change."""
    for kind, text in DEFAULTS.items():
        session.add(
            LegalVersion(merchant_id=merchant_id, kind=kind, number=1, body_id=text.id, body_en=text.en)
        )
    await session.flush()


async def publish(
    session: WriteSession, merchant: Merchant, *, kind: LegalKind, body_id: str, body_en: str, actor: Actor
) -> LegalVersion:
    """A new version that counts from now on; earlier ones stay readable.

    The caller has locked the merchant, so that no two versions get one number.
    """
    mine = LegalVersion.merchant_id == merchant.id, LegalVersion.kind == kind
    latest = await session.scalar(select(func.max(LegalVersion.number)).where(*mine)) or 0
    version = LegalVersion(
        merchant_id=merchant.id,
        kind=kind,
        number=latest + 1,
        body_id=body_id,
        body_en=body_en,
        published_by=actor.user_id,
    )
    session.add(version)
    await session.flush()
    data = {"kind": kind.value, "number": version.number, "version_id": str(version.id)}
    await record(session, merchant, action="merchant:legal:published", actor=actor, data=data)
    return version
