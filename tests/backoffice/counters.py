"""Outlets of a team's merchant, and people who work at some of them alone."""

from collections.abc import Sequence
from uuid import UUID

from pesan.identity.service import create_user, set_membership
from pesan.identity.states import MerchantRole
from tests.backoffice.conftest import PASSWORD, Browser, Team
from tests.support.booths import Place, make_place
from tests.support.factories import SYSTEM


async def open_outlet(team: Team, name: str = "Booth Kota Tua", *, booths: int = 1, **draft: object) -> Place:
    """An outlet of the team's merchant, open day and night."""
    return await make_place(team.make, team.database, team.merchant, name=name, booths=booths, **draft)


def page_of(team: Team, place: Place, end: str = "") -> str:
    """The address of one of an outlet's pages."""
    return f"/backoffice/booths/{team.merchant.slug}/outlets/{place.id}{end}"


async def sign_in_at(
    team: Team, outlets: Sequence[UUID], role: MerchantRole = MerchantRole.STAFF, name: str = "tono"
) -> Browser:
    """A browser of somebody whose role is for these outlets alone."""
    email = f"{name}@kopi.example"
    async with team.database.write(SYSTEM) as session:
        user = await create_user(session, email=email, name="Tono", password=PASSWORD, actor=SYSTEM)
    async with team.database.write(SYSTEM) as session:
        await set_membership(
            session,
            user_id=user.id,
            merchant_id=team.merchant.id,
            role=role,
            event_ids=outlets,
            actor=SYSTEM,
        )
    browser = await team.open_browser()
    answer = await browser.submit(
        "/backoffice/login", "/backoffice/login", {"email": email, "password": PASSWORD}
    )
    assert answer.status_code == 303, answer.text
    return browser
