"""Fraud checks in the back office: seen and closed by staff, lists and limits kept by organizers."""

from urllib.parse import quote

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.db import Actor
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.moves import Origin
from pesan.orders.states import OrderState
from pesan.risk.lists import NewEntry, add_entry
from pesan.risk.marks import Marks
from pesan.risk.models import RiskEntry, RiskReview, RiskRules
from pesan.risk.service import look
from pesan.risk.states import ListName, Mark
from pesan.settings import Settings
from pesan.web.limits import Limiter
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

EMAIL = "siti.rahma@contoh.id"
BLOCKED = "Ada di daftar blokirmu: E-mail."


@pytest.fixture
def marks(settings: Settings) -> Marks:
    return Marks(settings.secret)


@pytest.fixture
async def flagged(team: Team, marks: Marks) -> Order:
    """Siti is on the block list, and her proof came in."""
    actor = Actor.staff(team.event.id, frozenset([team.merchant.id]))
    new = NewEntry(ListName.BLOCK, Mark.EMAIL, marks.digest(Mark.EMAIL, EMAIL), EMAIL, "Sengketa")
    async with team.database.write(actor) as session:
        await add_entry(session, team.merchant.id, new, actor=actor)
    return await order_of(team, marks, email=EMAIL)


async def order_of(team: Team, marks: Marks, **wish) -> Order:
    order = await team.make.order(team.event, state=OrderState.REVIEW, **wish)
    await look(team.database, marks, order.id)
    return order


async def all_of(team: Team, kind) -> list:
    async with team.database.read(SYSTEM) as session:
        return list(await session.scalars(select(kind)))


async def history(team: Team) -> list[tuple[str, dict]]:
    query = select(AuditEntry.action, AuditEntry.data).where(AuditEntry.action.like("merchant:risk:%"))
    async with team.database.read(SYSTEM) as session:
        return [(action, data) for action, data in await session.execute(query.order_by(AuditEntry.seq))]


async def test_staff_see_what_speaks_against_an_order_wherever_it_is_shown(team: Team, flagged: Order):
    staff, organizer = await team.sign_in("staff"), await team.sign_in("organizer")
    pages = ["/risk", f"/bookings/{flagged.id}", f"/review/{flagged.id}"]

    seen = [(await staff.get(f"{team.path}{page}")).text for page in pages]
    whole = (await organizer.get(f"{team.path}/risk")).text

    assert [BLOCKED in page for page in seen] == [True, True, True]
    assert [EMAIL in page for page in (*seen, whole)] == [False, False, False, True]
    assert [flagged.code in page for page in (*seen, whole)] == [False, False, False, True]
    assert ["/list" in page for page in (seen[0], whole)] == [False, True]
    assert all('<span class="count">1</span>' in page for page in seen)


async def test_nobody_else_sees_it(team: Team, flagged: Order):
    stranger, guest = await team.sign_in("stranger"), await team.open_browser()

    theirs = await stranger.get(f"{team.path}/risk")
    status = await guest.get(f"/b/{flagged.code}")

    assert (theirs.status_code, status.status_code) == (404, 200)
    assert [word in status.text for word in ("curang", "blokir", "Risiko")] == [False, False, False]


async def test_a_verdict_needs_a_note_and_is_given_once(team: Team, flagged: Order):
    browser = await team.sign_in("staff")
    page, path = f"{team.path}/risk", f"{team.path}/risk/{flagged.code}/settle"

    bare = await browser.submit(page, path, {"verdict": "fine", "reason": " "})
    wrong = await browser.submit(page, path, {"verdict": "maybe", "reason": "x"})
    shown = f"…{flagged.code[-4:]}"
    open_still = [review.state for review in await all_of(team, RiskReview)]
    done = await browser.submit(page, path, {"verdict": "fraud", "reason": "Nomor palsu"})
    again = await browser.submit(page, path, {"verdict": "fine", "reason": "Bukan"})

    assert (bare.status_code, wrong.status_code, open_still) == (422, 422, ["open"])
    assert done.headers["location"] == f"{page}?done=fraud&code={quote(shown)}"
    assert f"{shown} dicatat curang" in (await browser.get(done.headers["location"])).text
    assert again.status_code == 409
    (review,) = await all_of(team, RiskReview)
    assert (review.verdict, review.note, review.settled_by) == (
        "fraud",
        "Nomor palsu",
        team.users["staff"].id,
    )
    assert await team.state(flagged) is OrderState.REVIEW
    closed = (await browser.get(f"{page}?state=settled")).text
    assert ["Nomor palsu" in closed, "Rina staff" in closed] == [True, True]
    assert BLOCKED not in (await browser.get(page)).text


@pytest.mark.parametrize("role", ["staff", "stranger"])
async def test_lists_and_limits_are_the_organizers(team: Team, flagged: Order, role: str):
    browser = await team.sign_in(role)
    paths = [
        "lists",
        "rules",
        f"{flagged.code}/list",
        f"lists/{(await all_of(team, RiskEntry))[0].id}/remove",
    ]
    expected = 403 if role == "staff" else 404

    seen = await browser.get(f"{team.path}/risk/lists")
    answers = [
        await browser.submit("/backoffice/account", f"{team.path}/risk/{path}", VALID) for path in paths
    ]

    assert [answer.status_code for answer in (seen, *answers)] == [expected] * 5
    assert (len(await all_of(team, RiskEntry)), await all_of(team, RiskRules)) == (1, [])


VALID = {
    "value": "budi@contoh.id",
    "list": "block",
    "mark": "email",
    "reason": "Sengketa",
    "hours": "2",
    "contact_limit": "2",
    "device_limit": "0",
    "address_limit": "0",
}


async def test_an_organizer_keeps_the_lists(team: Team, marks: Marks):
    browser = await team.sign_in("organizer")
    page = f"{team.path}/risk/lists"

    async def add(**changes: str) -> int:
        return (await browser.submit(page, page, VALID | changes)).status_code

    refused = [await add(value="bukan apa-apa"), await add(reason=" "), await add(list="other")]
    added = [await add(), await add(value="Budi@contoh.id", list="allow"), await add(value="203.0.113.7")]
    entries = {entry.label: entry for entry in await all_of(team, RiskEntry)}
    remove = f"{page}/{entries['budi@contoh.id'].id}/remove"
    bare = await browser.submit(page, remove, {"reason": ""})
    removed = await browser.submit(page, remove, {"reason": "Sudah selesai"})

    assert (refused, added) == ([422, 422, 422], [303, 409, 303])
    assert (bare.status_code, removed.headers["location"]) == (422, f"{page}?done=removed")
    assert [entry.label for entry in await all_of(team, RiskEntry)] == ["203.0.113.7"]
    assert [(action, data["mark"]) for action, data in await history(team)] == [
        ("merchant:risk:entry_added", "email"),
        ("merchant:risk:entry_added", "address"),
        ("merchant:risk:entry_removed", "email"),
    ]
    assert "budi" not in str(await history(team))
    found = [(await browser.get(f"{page}?q={search}")).text for search in ("", "113", "%25")]
    assert ["203.0.113.7" in text for text in found] == [True, True, False]


async def test_what_an_organizer_types_is_what_orders_are_known_by(
    team: Team, marks: Marks, registry: Registry
):
    browser, limiter = await team.sign_in("organizer"), registry[Limiter]
    page = f"{team.path}/risk/lists"
    for value in ("203.0.113.7", "198.51.100.0/24", "2001:db8:1:2::9", "+62 812 3456 7890", "@contoh.id"):
        await browser.submit(page, page, VALID | {"value": value})

    network = Origin(network=limiter.digest_network("198.51.100.0/24"))
    wishes = [{"origin": network}, {"wa": "+6281234567890"}, {"email": EMAIL}, {"email": "a@b.example"}]
    orders = [await order_of(team, marks, **wish) for wish in wishes]

    found = {review.order_id: review.signals["blocked"]["marks"] for review in await all_of(team, RiskReview)}
    assert [found.get(order.id) for order in orders] == [["network"], ["phone"], ["domain"], None]
    digests = {entry.digest for entry in await all_of(team, RiskEntry)}
    assert {limiter.digest("203.0.113.7"), limiter.digest("2001:db8:1:2:ffff::1")} <= digests


async def test_an_organizer_trusts_a_browser_from_its_check(team: Team, flagged: Order, marks: Marks):
    browser = await team.sign_in("organizer")
    origin = Origin(device="d" * 32)
    first = await order_of(team, marks, email=EMAIL, origin=origin)
    page = f"{team.path}/risk"

    wanted = {"mark": "device", "list": "allow", "reason": "Loket kami"}
    done = await browser.submit(page, f"{page}/{first.code}/list", wanted)
    unknown = await browser.submit(page, f"{page}/{flagged.code}/list", wanted)
    second = await order_of(team, marks, email=EMAIL, origin=origin)

    assert (done.headers["location"], unknown.status_code) == (f"{page}?done=listed", 422)
    assert second.id not in {review.order_id for review in await all_of(team, RiskReview)}
    assert f"pesanan {first.code}" in (await browser.get(f"{page}/lists")).text


async def test_an_organizer_sets_the_limits(team: Team):
    browser = await team.sign_in("organizer")
    page, path = f"{team.path}/risk/lists", f"{team.path}/risk/rules"
    wrong = [
        {"hours": "0"},
        {"hours": "169"},
        {"contact_limit": "1"},
        {"device_limit": "1001"},
        {"hours": "x"},
    ]

    refused = [(await browser.submit(page, path, VALID | change)).status_code for change in wrong]
    before = await all_of(team, RiskRules)
    saved = [await browser.submit(page, path, VALID | {"hours": hours}) for hours in ("2", "3")]

    assert (refused, before) == ([422] * 5, [])
    assert [answer.status_code for answer in saved] == [303, 303]
    (rules,) = await all_of(team, RiskRules)
    assert (rules.hours, rules.contact_limit, rules.device_limit) == (3, 2, 0)
    assert rules.compares_countries is False
    assert [data["hours"] for _, data in await history(team)] == [2, 3]
