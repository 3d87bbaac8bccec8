"""Jastipers run their trips: planned, shared, sold from the shop with photos, and every order on one board."""

import re

import pytest

from pesan.db import Actor
from pesan.jastip.pictures import pictures_of
from pesan.jastip.queries.trips import list_products, list_trips
from pesan.jastip.service.orders import confirm_order, reject_order
from pesan.jastip.states import ProductStatus
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.service import select_method
from pesan.settings import Settings
from tests.backoffice.conftest import Browser, Team, picture
from tests.support.factories import SYSTEM
from tests.support.trips import Journey, make_journey, make_participant, make_product, order

TRIP = {
    "title": "Jastip Jepang Mei",
    "slug": "JPN26",
    "hold_hours": "48",
    "deposit_percent": "40",
    "is_active": "true",
}
JPEG = {"photo": ("banana.jpg", picture("Tokyo Banana"), "image/jpeg")}


@pytest.fixture
async def journey(team: Team, settings: Settings) -> Journey:
    return await make_journey(team.make, team.database, settings, team.merchant)


def page_of(journey: Journey) -> str:
    return f"/jastip/{journey.merchant.slug}/trips/{journey.id}"


async def place(team: Team, journey: Journey, *, proof: bytes | None = None, name: str = "Siti"):
    """An order of two pieces; with `proof`, one that waits for a reviewer."""
    person = await make_participant(journey, name=name)
    placed = await order(journey, person, (await make_product(journey), 2))
    if proof:
        guest = Actor.guest(placed.code)
        async with team.database.write(guest) as session:
            held = await session.get_one(type(placed), placed.id)
            await select_method(session, order=held, method_id=team.method.id, actor=guest)
        companion = await team.proof(placed, proof)
        move = Move(OrderEvent.SUBMIT_PROOF, journey.id, guest, placed.id, companions=(companion,))
        await team.make.move(move)
    return placed


async def act(browser: Browser, journey: Journey, placed, what: str, seen: str, **typed: str):
    page = page_of(journey)
    return await browser.submit(page, f"{page}/orders/{placed.id}/{what}", {"seen": seen, **typed})


async def test_a_trip_is_planned_changed_shared_and_deleted(team: Team):
    browser, base = await team.sign_in("organizer"), f"/jastip/{team.merchant.slug}"

    home, empty = await browser.get("/jastip"), await browser.get(base)
    wrong = await browser.submit(f"{base}/new", f"{base}/new", {**TRIP, "slug": "a b"})
    made = await browser.submit(f"{base}/new", f"{base}/new", {**TRIP, "deadline": "2027-05-01T20:00"})
    twice = await browser.submit(f"{base}/new", f"{base}/new", TRIP)
    nothing_first = await browser.submit(f"{base}/new", f"{base}/new", {**TRIP, "deposit_percent": "0"})
    page = made.headers["location"].partition("/products")[0]
    shown = await browser.get(f"{page}/edit")
    saved = await browser.submit(f"{page}/edit", f"{page}/edit", {**TRIP, "title": "Jastip Osaka"})

    assert (home.headers["location"], f'href="{base}/new"' in empty.text) == (base, True)
    assert [answer.status_code for answer in (wrong, made, twice, nothing_first, saved)] == [
        *(422, 303, 409, 422),
        303,
    ]
    assert re.search(r'name="deposit_percent"[^>]* value="40"', shown.text)
    assert "3 sampai 10 huruf" in wrong.text
    assert 'value="2027-05-01T20:00"' in shown.text
    assert ("/t/jpn26" in shown.text, '<svg class="qr"' in shown.text or 'class="qr"' in shown.text) == (
        True,
        True,
    )
    async with team.database.read(SYSTEM) as session:
        (view,) = await list_trips(session, [team.merchant.id])
    assert (view.event.title, view.trip.slug, view.event.hold_minutes) == ("Jastip Osaka", "jpn26", 48 * 60)
    assert view.event.deposit_percent == 40
    assert (view.trip.is_active, view.trip.announces_products, view.event.sale_closes_at) == (
        True,
        False,
        None,
    )
    deleted = await browser.submit(f"{page}/edit", f"{page}/delete")
    gone = await browser.get(page)
    assert (deleted.headers["location"], gone.status_code) == (f"{base}?done=deleted", 404)


async def test_the_list_tells_people_orders_and_money(
    team: Team, journey: Journey, settings: Settings, count_page_queries
):
    browser = await team.sign_in("organizer")
    await place(team, journey)
    paid = await place(team, journey, proof=picture())
    async with team.database.read(SYSTEM) as session:
        await confirm_order(journey.counter, await session.get_one(type(paid), paid.id), actor=journey.staff)

    with count_page_queries() as few:
        shown = await browser.get(f"/jastip/{team.merchant.slug}")
    await make_journey(team.make, team.database, settings, team.merchant, title="Jastip Seoul")
    with count_page_queries() as more:
        await browser.get(f"/jastip/{team.merchant.slug}")
    kept = await browser.submit(f"{page_of(journey)}/edit", f"{page_of(journey)}/delete")

    numbers = re.findall(r"<dd>(?:<span[^>]*>)?([^<]+)", shown.text)
    assert [number.replace("\u00a0", " ") for number in numbers] == [
        *("2", "1", "0", "1", "0"),
        *("Rp 200.000", "Rp 200.000"),
    ]
    assert len(few) == len(more)
    assert (kept.status_code, "Masih ada 2 pesanan" in kept.text) == (409, True)


async def test_a_product_is_entered_with_a_photo_and_changed(team: Team, journey: Journey):
    browser, page = await team.sign_in("organizer"), f"{page_of(journey)}/products"
    typed = {"title": "Tokyo Banana", "price_amount": "45rb", "stock": "6", "shop": "Don Quijote"}
    once = re.search(r'name="once" value="([^"]+)"', (await browser.get(page)).text)[1]

    wrong = await browser.submit(page, page, {**typed, "price_amount": "mahal"}, files=JPEG)
    no_picture = {"photo": ("a.jpg", b"%PDF-1.4 nothing", "image/jpeg")}
    refused = await browser.submit(page, page, typed, files=no_picture)
    added = [await browser.submit(page, page, {**typed, "once": once}, files=JPEG) for _ in range(2)]
    shown = await browser.get(page)
    async with team.database.read(SYSTEM) as session:
        (made,) = await list_products(session, [journey.id])
    change = {**typed, "price_amount": "1,2jt", "stock": "4", "status": "sold_out"}
    saved = await browser.submit(page, f"{page}/{made.product.id}", change)

    assert [wrong.status_code, refused.status_code] == [422, 415]
    assert "150.000" in wrong.text
    assert [answer.headers["location"] for answer in added] == [f"{page}?done=added"] * 2
    assert (made.type.price_amount, made.stock, made.product.shop) == (45_000, 6, "Don Quijote")
    assert f'src="{pictures_of(made.product.image_key).small}"' in shown.text
    assert "sisa 6 dari 6" in shown.text
    assert saved.status_code == 303
    async with team.database.read(SYSTEM) as session:
        (changed,) = await list_products(session, [journey.id])
    assert (changed.type.price_amount, changed.stock, changed.status) == (
        1_200_000,
        4,
        ProductStatus.SOLD_OUT,
    )
    assert changed.product.image_key == made.product.image_key


async def test_a_name_that_is_too_long_is_said_beside_its_field_and_kept(team: Team, journey: Journey):
    browser, page = await team.sign_in("organizer"), f"{page_of(journey)}/products"
    typed = {"title": "a" * 81, "price_amount": "45rb", "stock": "6"}

    empty, refused = await browser.get(page), await browser.submit(page, page, typed)
    dear = await browser.submit(page, page, {**typed, "title": "Emas", "price_amount": "3.000.000.000"})
    longest = {**typed, "title": "a" * 80}
    added = await browser.submit(page, page, longest)
    async with team.database.read(SYSTEM) as session:
        (made,) = await list_products(session, [journey.id])
    lines = {**longest, "stock": "6", "description": "a\r\n" * 900}
    changed = await browser.submit(page, f"{page}/{made.product.id}", lines)

    assert re.search(r'<input[^>]* name="title"[^>]* maxlength="80"', empty.text)
    assert [answer.status_code for answer in (refused, dear, added, changed)] == [*(422, 422, 303, 303)]
    assert re.search(r'name="title"[^>]* value="a{81}"', refused.text)
    assert ("maksimal 80 karakter" in refused.text, "maksimal 1000000000" in dear.text) == (True, True)


async def test_a_product_is_deleted_after_a_question_and_not_while_orders_of_it_wait(
    team: Team, journey: Journey, settings: Settings
):
    placed = await place(team, journey)
    async with team.database.read(SYSTEM) as session:
        (made,) = await list_products(session, [journey.id])
    browser, page = await team.sign_in("organizer"), f"{page_of(journey)}/products"
    ask = f"{page}/{made.product.id}/delete"
    elsewhere = await make_journey(team.make, team.database, settings, team.merchant)

    listed, asked = await browser.get(page), await browser.get(ask)
    busy = await browser.submit(ask, ask)
    wrong = await browser.submit(ask, f"{page_of(elsewhere)}/products/{made.product.id}/delete")
    async with team.database.read(SYSTEM) as session:
        (kept,) = await list_products(session, [journey.id])
    await reject_order(journey.counter, placed, actor=journey.staff, reason="Habis")
    gone = await browser.submit(ask, ask)
    async with team.database.read(SYSTEM) as session:
        left = await list_products(session, [journey.id])
    after = await browser.get(page)

    assert (f'href="{ask}"' in listed.text, made.type.name in asked.text) == (True, True)
    assert [answer.status_code for answer in (asked, busy, wrong, gone)] == [200, 409, 404, 303]
    assert ("Masih ada 1 pesanan" in busy.text, kept.status, left) == (True, ProductStatus.ACTIVE, [])
    assert ("Dihentikan" in after.text, f'href="{ask}"' in after.text) == (True, False)


async def test_stock_is_not_set_below_what_is_ordered(team: Team, journey: Journey):
    await place(team, journey)
    async with team.database.read(SYSTEM) as session:
        (made,) = await list_products(session, [journey.id])
    browser, page = await team.sign_in("organizer"), f"{page_of(journey)}/products"
    change = {"title": "Kit Kat", "price_amount": "100rb", "stock": "1"}

    refused = await browser.submit(page, f"{page}/{made.product.id}", change)

    assert (refused.status_code, "<details open>" in refused.text) == (409, True)


async def test_an_order_goes_over_the_board(team: Team, journey: Journey):
    browser = await team.sign_in("organizer")
    cash, transfer, refused = (
        await place(team, journey, name="Budi"),
        await place(team, journey, proof=picture(), name="Dewi"),
        await place(team, journey, proof=picture("lain"), name="Tono"),
    )

    board = await browser.get(page_of(journey))
    unseen = await act(browser, journey, transfer, "confirm", "HOLD")
    done = [
        await act(browser, journey, cash, "confirm", "HOLD"),
        await act(browser, journey, transfer, "confirm", "REVIEW"),
        await act(browser, journey, refused, "reject", "REVIEW", preset="not_proof", reason="Buram"),
    ]
    no_reason = await act(browser, journey, cash, "reject", "PAID")
    no_courier = await act(browser, journey, cash, "ship", "PAID")
    sent = await act(browser, journey, cash, "ship", "PAID", courier="JNE", tracking_no="CGK 123")
    found = await browser.get(page_of(journey), params={"q": "cgk 123"})

    # Two pictures, each with the link to look at it whole.
    assert board.text.count("/backoffice/proofs/") == 4
    assert [answer.status_code for answer in (unseen, no_reason, no_courier)] == [409, 422, 422]
    assert "baru saja berubah" in unseen.text
    main = no_reason.text.partition("<main")[2]
    assert main.index(f'href="#order-{cash.id}"') < main.index('class="lanes"')
    assert [answer.status_code for answer in (*done, sent)] == [303] * 4
    assert [await team.state(placed) for placed in (cash, transfer, refused)] == [
        OrderState.COMPLETED,
        OrderState.PAID,
        OrderState.REJECTED,
    ]
    assert (await team.order(refused)).reject_reason == "Berkas ini bukan bukti pembayaran. Buram"
    assert ("Budi" in found.text, "Dewi" in found.text, "CGK 123" in found.text) == (True, False, True)


@pytest.mark.parametrize("count", [1, 4])
async def test_the_board_costs_the_same_for_any_length(
    team: Team, journey: Journey, count: int, count_page_queries
):
    browser = await team.sign_in("organizer")
    for number in range(count):
        await place(team, journey, proof=picture(str(number)))

    with count_page_queries() as statements:
        shown = await browser.get(page_of(journey))

    assert shown.text.count("data-card") == count
    assert len(statements) <= 18


@pytest.mark.parametrize("role", ["staff", "stranger"])
async def test_nobody_else_runs_a_trip(team: Team, journey: Journey, role: str):
    placed = await place(team, journey)
    browser = await team.sign_in(role)

    pages = [f"/jastip/{team.merchant.slug}", page_of(journey), f"{page_of(journey)}/products"]
    answers = [(await browser.get(page)).status_code for page in pages]
    below = f"/jastip/{team.other.slug}/trips/{journey.id}"
    foreign = [(await browser.get(f"{below}{end}")).status_code for end in ("", "/edit", "/products")]
    moved = await act(browser, journey, placed, "confirm", "HOLD")

    assert set(answers) == {403 if role == "staff" else 404}
    assert set(foreign) == {403 if role == "staff" else 404}
    assert (moved.status_code in {403, 404}, await team.state(placed)) == (True, OrderState.HOLD)


async def test_the_pages_are_english_for_whoever_reads_it(team: Team, journey: Journey):
    await place(team, journey)
    browser = await team.sign_in("organizer")
    english = {"accept-language": "en"}

    board, products = [
        (await browser.get(f"{page_of(journey)}{end}", headers=english)).text for end in ("", "/products")
    ]

    assert ("Waiting for payment" in board, "Paid in cash" in board) == (True, True)
    assert ("Take or choose photos" in products, "of 3 left" in products) == (True, True)


async def test_the_dashboard_leads_to_where_somebody_works(team: Team, journey: Journey):
    roles = ("organizer", "stranger", "staff", "admin")

    led = [(await (await team.sign_in(role)).get("/dashboard")).headers["location"] for role in roles]

    assert led == ["/jastip", "/backoffice", "/backoffice", "/backoffice"]


async def test_the_desk_installs_as_an_app(team: Team, journey: Journey):
    browser = await team.sign_in("organizer")

    page, other = await browser.get(page_of(journey)), await browser.get(team.path)
    manifest = await (await team.open_browser()).get("/jastip/manifest.webmanifest")

    assert '<link rel="manifest" href="/jastip/manifest.webmanifest">' in page.text
    assert '<link rel="manifest" href="/manifest.webmanifest">' in other.text
    assert (manifest.json()["start_url"], manifest.json()["display"]) == ("/jastip", "standalone")
