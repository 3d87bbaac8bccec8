"""A merchant's team: invited by mail, limited to events, taken off; and nobody beyond their rights."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from pesan.audit.models import AuditEntry
from pesan.backoffice.queries import events
from pesan.catalog.models import Event
from pesan.identity.models import Membership, User
from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from pesan.identity.team.links import InvitationLinks
from pesan.identity.team.models import Invitation
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.backoffice.conftest import PASSWORD, Browser, Team
from tests.support.factories import SYSTEM

NEW = {"email": "Baru@Kopi.example", "role": "staff", "reach": "all"}


async def invitations(team: Team) -> list[Invitation]:
    async with team.database.read(SYSTEM) as session:
        query = select(Invitation).where(Invitation.merchant_id == team.merchant.id)
        return list((await session.scalars(query.order_by(Invitation.created_at))).all())


async def roles(team: Team) -> dict[str, tuple[str, Any]]:
    async with team.database.read(SYSTEM) as session:
        rows = await session.execute(
            select(User.email, Membership.role, Membership.event_ids)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.merchant_id == team.merchant.id)
        )
        return {row[0].partition("@")[0]: (row[1], row[2]) for row in rows}


async def limit_to(team: Team, role: str, event: Event) -> None:
    """Give somebody of the team this event only."""
    async with team.database.write(SYSTEM) as session:
        await set_membership(
            session,
            user_id=team.users[role].id,
            merchant_id=team.merchant.id,
            role=MerchantRole(role),
            event_ids=[event.id],
            actor=SYSTEM,
        )


Invite = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def invite(team: Team, registry: Registry) -> Invite:
    """Sends the form; gives the answer's status, and the link that the letter of the latest invitation has."""

    async def send(browser: Browser, **changes: Any) -> tuple[int, str]:
        page = f"{team.path}/team"
        answer = await browser.submit(page, f"{page}/invitations", {**NEW, **changes})
        latest = (await invitations(team))[-1:]
        links = [registry[InvitationLinks].make(row.id, row.expires_at) for row in latest]
        return answer.status_code, links[0].partition(registry[Settings].base_url)[2] if links else ""

    return send


async def test_somebody_new_joins_by_the_link_once(team: Team, invite: Invite) -> None:
    organizer = await team.sign_in("organizer")

    status, link = await invite(organizer, reach="some", event_ids=[str(team.event.id)])
    stranger = await team.open_browser()
    page = (await stranger.get(link)).text
    joined = await stranger.submit(link, "/account/invitation", _typed(link))
    again = await stranger.submit("/account/login", "/account/invitation", _typed(link))

    assert (status, joined.status_code, joined.headers["location"]) == (303, 303, "/backoffice/login")
    assert "baru@kopi.example" in page
    assert again.status_code == 410
    assert (await roles(team))["baru"] == ("staff", [team.event.id])
    async with team.database.read(SYSTEM) as session:
        actions = select(AuditEntry.action).where(AuditEntry.merchant_id == team.merchant.id)
        found = (await session.scalars(actions)).all()
    assert {"invitation:letter:sent", "invitation:letter:accepted"} <= set(found)


async def test_somebody_new_whom_an_administrator_invites_gets_their_earlier_bookings(
    team: Team, invite: Invite
) -> None:
    _, link = await invite(await team.sign_in("admin"))

    joined = await (await team.open_browser()).submit(link, "/account/invitation", _typed(link))

    assert joined.status_code == 303
    async with team.database.write(SYSTEM) as session:
        joining = text(
            "SELECT args->>'user_id' FROM procrastinate_jobs WHERE task_name = 'orders.join_account'"
        )
        user_ids = (await session.scalars(joining)).all()
        user = (await session.scalars(select(User).where(User.email == "baru@kopi.example"))).one()
    assert (user_ids, user.email_verified_at is None) == ([str(user.id)], False)


async def test_somebody_with_an_account_joins_as_whom_the_invitation_names(
    team: Team, invite: Invite
) -> None:
    organizer, stranger = await team.sign_in("organizer"), await team.sign_in("stranger")
    _, wrong = await invite(organizer)
    refused = await stranger.submit(wrong, "/account/invitation", _typed(wrong))
    _, link = await invite(organizer, email="STRANGER@kopi.example", role="organizer")

    joined = await stranger.submit(link, "/account/invitation", _typed(link))

    assert (refused.status_code, joined.status_code) == (409, 303)
    assert (await roles(team))["stranger"] == ("organizer", None)
    # Rights that changed end the session; signing in shows both merchants.
    assert (await stranger.get(f"{team.path}/brand")).status_code == 303
    assert (await (await team.sign_in("stranger")).get(f"{team.path}/brand")).status_code == 200


@pytest.mark.parametrize("what", ["withdrawn", "expired", "replaced", "forged"])
async def test_a_link_that_is_over_opens_nothing(
    team: Team, registry: Registry, invite: Invite, what: str
) -> None:
    organizer = await team.sign_in("organizer")
    page = f"{team.path}/team"
    _, link = await invite(organizer)
    (row,) = await invitations(team)
    if what == "withdrawn":
        await organizer.submit(page, f"{page}/invitations/{row.id}/withdraw")
    elif what == "expired":
        link = registry[InvitationLinks].make(row.id, row.created_at)
    elif what == "replaced":
        await invite(organizer)
    else:
        link = link[:-1] + ("A" if link[-1] != "A" else "B") + "x"
    stranger = await team.open_browser()

    shown = await stranger.get(link)
    sent = await stranger.submit("/account/login", "/account/invitation", _typed(link))

    assert (shown.status_code, sent.status_code) == (410, 410)
    assert "baru" not in await roles(team)


@pytest.mark.parametrize("how", ["removed", "lowered", "elsewhere"])
async def test_who_no_longer_organizes_comes_back_by_no_link_they_sent(
    team: Team, invite: Invite, how: str
) -> None:
    organizer, admin = await team.sign_in("organizer"), await team.sign_in("admin")
    page, sender = f"{team.path}/team", f"{team.path}/team/{team.users['organizer'].id}"
    _, link = await invite(organizer, role="organizer")
    stranger = await team.open_browser()

    if how == "removed":
        await admin.submit(page, f"{sender}/remove")
    elif how == "lowered":
        await admin.submit(page, sender, {"role": "staff", "reach": "all"})
    else:
        await limit_to(team, "organizer", team.event)
    sent = await stranger.submit("/account/login", "/account/invitation", _typed(link))

    assert sent.status_code == 410
    assert "baru" not in await roles(team)
    (row,) = await invitations(team)
    assert (row.withdrawn_at is None, row.accepted_at) == (how == "elsewhere", None)


async def test_the_answer_does_not_tell_who_has_an_account(team: Team) -> None:
    organizer = await team.sign_in("organizer")
    await team.sign_in("stranger")
    page = f"{team.path}/team"

    answers = [
        await organizer.submit(page, f"{page}/invitations", {**NEW, "email": f"{name}@kopi.example"})
        for name in ("stranger", "nobody")
    ]

    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, f"{page}?done=invited")}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"email": "bukan alamat"}, 422),
        ({"role": "admin"}, 422),
        ({"reach": "some"}, 422),
        ({"email": "organizer@kopi.example"}, 409),
        ({"reach": "some", "event_ids": [str(new_id())]}, 400),
    ],
)
async def test_an_invitation_that_makes_no_sense_is_refused(
    team: Team, invite: Invite, change: dict[str, Any], status: int
) -> None:
    organizer = await team.sign_in("organizer")

    answered, _ = await invite(organizer, **change)

    assert answered == status
    assert await invitations(team) == []


async def test_role_and_events_are_changed_and_end_the_session(team: Team) -> None:
    organizer, staff = await team.sign_in("organizer"), await team.sign_in("staff")
    page = f"{team.path}/team"
    form = {"role": "organizer", "reach": "some", "event_ids": [str(team.event.id)]}

    answer = await organizer.submit(page, f"{page}/{team.users['staff'].id}", form)

    assert answer.status_code == 303
    assert (await roles(team))["staff"] == ("organizer", [team.event.id])
    assert (await staff.get(team.path)).status_code == 303


async def test_an_event_that_somebody_has_stays_however_many_are_newer(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "CHOICES", 1)
    organizer, _ = await team.sign_in("organizer"), await team.sign_in("staff")
    await limit_to(team, "staff", team.event)
    newer = await team.make.event(
        team.merchant,
        starts_at=team.event.starts_at + timedelta(days=1),
        ends_at=team.event.ends_at + timedelta(days=1),
    )
    page = f"{team.path}/team"
    wanted = sorted([team.event.id, newer.id])

    shown = (await organizer.get(page)).text
    form = {"role": "staff", "reach": "some", "event_ids": [str(event_id) for event_id in wanted]}
    saved = await organizer.submit(page, f"{page}/{team.users['staff'].id}", form)

    assert (f'value="{team.event.id}" checked' in shown, saved.status_code) == (True, 303)
    assert (await roles(team))["staff"] == ("staff", wanted)


async def test_somebody_removed_is_out_at_once(team: Team) -> None:
    organizer, staff = await team.sign_in("organizer"), await team.sign_in("staff")
    page = f"{team.path}/team"

    answer = await organizer.submit(page, f"{page}/{team.users['staff'].id}/remove")

    assert answer.status_code == 303
    assert sorted(await roles(team)) == ["organizer"]
    assert (await staff.get(team.path)).status_code == 303
    assert (await (await team.sign_in("staff")).get(team.path)).status_code == 403


async def test_nobody_changes_themselves_and_the_last_organizer_stays(team: Team) -> None:
    organizer = await team.sign_in("organizer")
    page, me = f"{team.path}/team", team.users["organizer"].id

    raised = await organizer.submit(page, f"{page}/{me}", {"role": "staff", "reach": "all"})
    left = await organizer.submit(page, f"{page}/{me}/remove")

    assert (raised.status_code, left.status_code) == (409, 409)
    assert await roles(team) == {"organizer": ("organizer", None)}


async def test_people_of_another_merchant_are_out_of_reach(team: Team) -> None:
    organizer, _ = await team.sign_in("organizer"), await team.sign_in("stranger")
    page, theirs = f"{team.path}/team", team.users["stranger"].id

    changed = await organizer.submit(page, f"{page}/{theirs}", {"role": "staff", "reach": "all"})
    removed = await organizer.submit(page, f"{page}/{theirs}/remove")
    elsewhere = await organizer.get("/organizer/teater-rakyat/team")

    assert (changed.status_code, removed.status_code, elsewhere.status_code) == (404, 404, 404)
    assert (await (await team.sign_in("stranger")).get("/organizer/teater-rakyat")).status_code == 200


@pytest.mark.parametrize("role", ["staff", "organizer"])
async def test_somebody_limited_to_an_event_meets_that_event_only(team: Team, role: str) -> None:
    other = await team.make.event(team.merchant, title="Malam Puisi")
    mine, theirs = await team.review(), await team.make.order(other)
    await team.sign_in(role)
    await limit_to(team, role, team.event)
    browser = await team.sign_in(role)
    may = 200 if role == "organizer" else 403

    async def status(path: str) -> int:
        return (await browser.get(f"{team.path}{path}")).status_code

    async def post(path: str, **form: str) -> int:
        return (await browser.submit(f"{team.path}/bookings", f"{team.path}{path}", form)).status_code

    own = f"/events/{team.event.short_id}"
    assert [await status(path) for path in ("", "/review", f"/bookings/{mine.code}", f"{own}/attendees")] == [
        200
    ] * 4
    assert [await status(path) for path in (own, f"{own}/tickets", f"{own}/sales")] == [may] * 3
    closed = ("/brand", "/payment-methods", "/gateways", "/team", "/statements", "/events/new")
    assert [await status(path) for path in closed] == [403] * 6
    listed = (await browser.get(f"{team.path}/bookings")).text
    found = [any(f'/bookings/{ref}"' in listed for ref in (order.id, order.code)) for order in (mine, theirs)]
    assert (*found, "Malam Puisi" in listed) == (True, False, False)
    beyond = f"/events/{other.short_id}"
    assert await status(f"/bookings/{theirs.code}") == 404
    assert await status(f"{beyond}/attendees") == 404
    hidden = 404 if role == "organizer" else 403
    assert [await status(path) for path in (beyond, f"{beyond}/sales", f"{beyond}/tickets")] == [hidden] * 3
    assert await post(f"{beyond}/status", status="closed") == hidden
    assert await post(f"/review/{theirs.code}/approve") == 404
    assert await post("/bookings/export?format=csv") == 403
    assert await post(f"{own}/attendees/export?format=csv") == 403
    assert await post(f"/review/{mine.code}/approve") == 303


def _typed(link: str) -> dict[str, str]:
    return {"token": link.partition("token=")[2], "name": "Baru Sekali", "password": PASSWORD}
