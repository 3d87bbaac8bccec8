"""Requests about data in the back office: seen by all staff, decided by organizers."""

import pytest
from sqlalchemy import select

from pesan.orders.states import OrderState
from pesan.privacy.contacts import Contact
from pesan.privacy.models import PrivacyRequest
from pesan.privacy.requests import ask
from pesan.privacy.states import RequestKind
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

EMAIL = "siti.rahma@contoh.id"


@pytest.fixture
async def request_id(team: Team) -> str:
    """Siti asks to be forgotten; her booking is over."""
    order = await team.make.order(team.event, email=EMAIL, state=OrderState.CANCELLED)
    contact = Contact(EMAIL, (order.code,))
    async with team.database.write(contact.actor) as session:
        await ask(session, contact, RequestKind.ERASURE, "id")
    return str((await one(team)).id)


async def one(team: Team) -> PrivacyRequest:
    async with team.database.read(SYSTEM) as session:
        return (await session.scalars(select(PrivacyRequest))).one()


async def test_staff_see_what_waits_with_masked_contacts(team: Team, request_id: str) -> None:
    staff, organizer = await team.sign_in("staff"), await team.sign_in("organizer")

    pages = [(await browser.get(f"{team.path}/privacy")).text for browser in (staff, organizer)]

    assert [EMAIL in page for page in pages] == [False, True]
    assert ["Sisa 7" in page for page in pages] == [True, True]
    assert ["/approve" in page for page in pages] == [False, True]


async def test_organizer_has_it_done(team: Team, request_id: str) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/privacy"

    answer = await browser.submit(page, f"{page}/{request_id}/approve")
    again = await browser.submit(page, f"{page}/{request_id}/approve")

    assert (answer.headers["location"], again.status_code) == (f"{page}?done=approved", 409)
    assert (await one(team)).state == "approved"


async def test_refusal_needs_a_reason(team: Team, request_id: str) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/privacy"

    bare = await browser.submit(page, f"{page}/{request_id}/refuse", {"reason": " "})
    state = (await one(team)).state
    answer = await browser.submit(page, f"{page}/{request_id}/refuse", {"reason": "Masih ada sengketa"})

    assert (bare.status_code, state) == (422, "open")
    assert (answer.status_code, (await one(team)).reason) == (303, "Masih ada sengketa")


@pytest.mark.parametrize(("role", "status"), [("staff", 403), ("stranger", 404)])
async def test_others_decide_nothing(team: Team, request_id: str, role: str, status: int) -> None:
    browser = await team.sign_in(role)

    answer = await browser.submit("/backoffice/account", f"{team.path}/privacy/{request_id}/approve")

    assert answer.status_code == status
    assert (await one(team)).state == "open"
