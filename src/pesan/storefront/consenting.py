"""Consents that a program gives for its buyer, with the hold or the order: each one named, none assumed."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt, model_validator
from sqlalchemy import select

from pesan.catalog.errors import EventNotFound
from pesan.catalog.models import Event
from pesan.checkout.schemas import HoldRequest, PersonName
from pesan.checkout.service import Agreed
from pesan.db import Actor, Database, ReadSession
from pesan.kit.i18n import Text
from pesan.kit.ids import new_id
from pesan.privacy.consents import ConsentCompanion
from pesan.privacy.errors import NoticeNotInForce
from pesan.privacy.states import ConsentChannel, Purpose
from pesan.tenancy.legal.models import LegalVersion
from pesan.tenancy.legal.states import LegalKind

_TWICE = Text(id="Sebut tiap tujuan sekali saja.", en="Name each purpose once.")
_GUARDIAN_NAME = Text(
    id="Sebut nama orang tua atau wali, dan hanya untuk persetujuannya.",
    en="Name the parent or guardian, and for their consent alone.",
)
_MOST = 2**31 - 1


class GivenConsent(BaseModel):
    """That the buyer agreed to one purpose, having been shown one version of the privacy notice."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    version: StrictInt = Field(ge=1, le=_MOST, description="The number of the privacy notice that was shown.")
    name: PersonName | None = Field(
        None, description="Of the parent or guardian who consents; for the purpose `guardian` alone."
    )

    @model_validator(mode="after")
    def _named_where_a_guardian_consents(self) -> Self:
        if (self.purpose is Purpose.GUARDIAN) is (self.name is None):
            raise ValueError(_GUARDIAN_NAME)
        return self


def _each_once(consents: list[GivenConsent]) -> list[GivenConsent]:
    if len({consent.purpose for consent in consents}) < len(consents):
        raise ValueError(_TWICE)
    return consents


Consents = Annotated[
    list[GivenConsent],
    Field(
        default_factory=list,
        max_length=10,
        description="What the buyer ticked themselves beside the booking, each purpose once; left out where they"
        " ticked nothing. `GET /api/items/{id}/consents` names the purposes and the notice in force.",
    ),
    AfterValidator(_each_once),
]


class ConsentingHoldRequest(HoldRequest):
    """`POST /api/bookings/hold`, with the consents that its buyer gives."""

    consents: Consents


async def read_consents(
    database: Database, actor: Actor, event_id: UUID, consents: Sequence[GivenConsent]
) -> Agreed | None:
    """What has to be written with the order; None, and nothing asked of the database, where nothing was agreed to.

    Raises EventNotFound, NoticeNotInForce.
    """
    if not consents:
        return None
    async with database.read(actor) as session:
        notice = await get_notice(session, event_id)
        event = await session.get_one(Event, event_id)
    if any(consent.version != notice.number for consent in consents):
        raise NoticeNotInForce(extra={"version": notice.number}, version=notice.number)
    order_id = new_id()
    # A guardian whom nobody asked for is nobody's business.
    wanted = [each for each in consents if event.needs_guardian or each.purpose is not Purpose.GUARDIAN]
    to_this = (order_id, notice.merchant_id, notice.id)
    companions = [
        ConsentCompanion(*to_this, each.purpose, ConsentChannel.API, guardian_name=each.name)
        for each in wanted
    ]
    has_guardian = any(each.purpose is Purpose.GUARDIAN for each in wanted)
    return Agreed(order_id, (), tuple(companions), has_guardian=has_guardian)


async def get_notice(session: ReadSession, event_id: UUID) -> LegalVersion:
    """The privacy notice that an event's merchant has in force; raises EventNotFound."""
    query = (
        select(LegalVersion)
        .join(Event, Event.merchant_id == LegalVersion.merchant_id)
        .where(Event.id == event_id, LegalVersion.kind == LegalKind.PRIVACY)
        .order_by(LegalVersion.number.desc())
    )
    found = await session.scalar(query.limit(1))
    if found is None:
        raise EventNotFound
    return found
