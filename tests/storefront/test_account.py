"""Accounts over HTTP, in a browser without scripts: made, verified, mended, used to buy, and left."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.checkout.links import event_path
from pesan.identity.links import AccountLinks
from pesan.identity.models import Session, User
from pesan.identity.states import LinkPurpose, MerchantRole
from pesan.orders.models import Order
from pesan.storefront.pages.account import PAGE_SIZE
from tests.storefront.guest import Guest
from tests.support.factories import PASSWORD, SYSTEM

RANI = {"name": "Rani Wijaya", "email": "rani@contoh.id", "password": PASSWORD}
NEW = "gajah payung hijau"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person(Guest):
    """A guest who posts forms of the account's pages."""

    async def submit(self, page: str, path: str, **typed: str) -> httpx.Response:
        return await self.client.post(path, data={**typed, "csrf_token": await self.token(page)})

    async def register(self, **changes: str) -> httpx.Response:
        return await self.submit("/account/register", "/account/register", **{**RANI, **changes})

    async def log_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.submit("/account/login", "/account/login", email=email, given=password, **more)


Open = Callable[..., Awaitable[Person]]


@pytest.fixture
async def open_person(app: FastAPI) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def start(of: FastAPI = app, **headers: str) -> Person:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(of),
                base_url="http://127.0.0.1",
                headers={"accept": "text/html", **headers},
            )
            return Person(await stack.enter_async_context(client))

        yield start


@pytest.fixture
async def rani(open_person: Open) -> Person:
    person = await open_person()
    assert (await person.register()).status_code == 303
    return person


def link_token(registry: Any, purpose: LinkPurpose, user: User) -> str:
    url: str = registry[AccountLinks].make(purpose, user, time.time())
    return url.partition("token=")[2]


async def user_of(database, email: str = "rani@contoh.id") -> User:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(User).where(User.email == email))).one()


async def count(database, what: Any) -> int:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(func.count()).select_from(what))).one()


async def test_registering_leads_on_and_greets(open_person: Open) -> None:
    person = await open_person()

    answer = await person.register(next="/x/malam-1")
    page = await person.get("/account")

    assert (answer.status_code, answer.headers["location"]) == (303, "/x/malam-1")
    assert (page.status_code, "Halo, Rani Wijaya" in page.text) == (200, True)
    assert "Alamatmu belum diverifikasi" in page.text


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"email": "bukan-alamat"}, 422, "Tulis alamat e-mail yang lengkap"),
        ({"name": "R"}, 422, "Tulis sedikitnya 3 huruf"),
        ({"password": "pendek"}, 422, "Pakai 10 sampai 128 karakter"),
        ({"password": "password123"}, 422, "terlalu mudah ditebak"),
    ],
)
async def test_refused_registration_says_why_and_keeps_what_was_typed(
    open_person: Open, database, changes, status, words
) -> None:
    person = await open_person()

    answer = await person.register(**changes)

    assert (answer.status_code, words in answer.text) == (status, True)
    assert RANI["password"] not in answer.text
    assert await count(database, User) == 0


async def test_a_known_address_is_told_so_when_registering_and_nowhere_else(
    rani: Person, open_person: Open
) -> None:
    person = await open_person()
    again = await person.register(email="RANI@contoh.id")

    wrong = [
        await person.log_in(email, "bukan sandinya") for email in ("rani@contoh.id", "tak-ada@contoh.id")
    ]
    reset = [
        await person.submit("/account/forgot", "/account/forgot", email=email)
        for email in ("rani@contoh.id", "tak-ada@contoh.id")
    ]

    def bare(answer: httpx.Response, email: str) -> tuple[int, str]:
        text_of_page = _TOKEN.sub("", answer.text).replace(email, "")
        return answer.status_code, re.sub(r'nonce="[^"]+"', "", text_of_page)

    emails = ("rani@contoh.id", "tak-ada@contoh.id")
    assert again.status_code == 409
    assert wrong[0].status_code == 401
    assert len({bare(answer, email) for answer, email in zip(wrong, emails, strict=True)}) == 1
    assert reset[0].status_code == 200
    assert len({bare(answer, email) for answer, email in zip(reset, emails, strict=True)}) == 1


async def test_a_role_cannot_be_typed_into_the_form(open_person: Open, database) -> None:
    person = await open_person()

    await person.register(role="super_admin", platform_role="super_admin", email_verified_at="2026-01-01")

    user = await user_of(database)
    assert (user.platform_role, user.email_verified_at) == (None, None)


async def test_the_link_verifies_only_when_its_button_is_pressed(rani: Person, registry, database) -> None:
    token = link_token(registry, LinkPurpose.VERIFY_EMAIL, await user_of(database))
    page = f"/account/verify?token={token}"

    looked = await rani.get(page)
    before = (await user_of(database)).email_verified_at
    pressed = await rani.submit(page, "/account/verify", token=token)

    assert (looked.status_code, before) == (200, None)
    assert (pressed.status_code, "Alamatmu sudah terverifikasi" in pressed.text) == (200, True)
    assert "terverifikasi" in (await rani.get("/account")).text


async def test_a_reset_by_link_replaces_the_password_and_signs_nobody_in(
    rani: Person, open_person: Open, registry, database
) -> None:
    person = await open_person()
    token = link_token(registry, LinkPurpose.RESET_PASSWORD, await user_of(database))
    page = f"/account/reset?token={token}"

    answer = await person.submit(page, "/account/reset", token=token, password=NEW)
    again = await person.submit(page, "/account/reset", token=token, password="sapi terbang jauh")

    assert (answer.status_code, answer.headers["location"]) == (303, "/account/login?done=reset")
    assert "pesan_session" not in person.client.cookies
    assert again.status_code == 410
    assert (await rani.get("/account")).status_code == 303
    assert (await person.log_in("rani@contoh.id", NEW)).status_code == 303


async def test_a_cookie_set_in_advance_is_not_taken_up(rani: Person, open_person: Open) -> None:
    person = await open_person()
    person.client.cookies.set("pesan_session", "x" * 43, domain="127.0.0.1")

    await person.log_in("rani@contoh.id")

    assert person.client.cookies["pesan_session"] != "x" * 43


@pytest.mark.parametrize("target", ["//evil.example", "https:evil.example", "/\\evil.example"])
async def test_log_in_leads_nowhere_else(rani: Person, open_person: Open, target: str) -> None:
    person = await open_person()

    answer = await person.log_in("rani@contoh.id", next=target)

    assert answer.headers["location"] == "/account"


async def test_a_browser_that_signed_in_before_is_not_locked_out_by_strangers(
    rani: Person, open_person: Open
) -> None:
    await rani.submit("/account/security", "/account/logout")
    stranger = await open_person()
    for _ in range(5):
        await stranger.log_in(RANI["email"], "bukan sandinya")

    answers = [await person.log_in(RANI["email"]) for person in (stranger, rani)]

    assert [answer.status_code for answer in answers] == [429, 303]


async def test_account_pages_without_a_session_lead_to_log_in_and_back(open_person: Open) -> None:
    person = await open_person()

    answers = [await person.get(path) for path in ("/account", "/account/security")]

    assert [answer.headers["location"] for answer in answers] == [
        "/account/login?next=%2Faccount",
        "/account/login?next=%2Faccount%2Fsecurity",
    ]


async def test_devices_are_listed_and_ended_one_by_one_and_all_at_once(
    rani: Person, open_person: Open, database
) -> None:
    phone = await open_person(
        **{"user-agent": "Mozilla/5.0 (Linux; Android 15) Chrome/156.0 Mobile Safari/537.36"}
    )
    await phone.log_in("rani@contoh.id")
    page = (await rani.get("/account/security")).text
    (ending,) = re.findall(r'action="(/account/sessions/[0-9a-f-]+/end)"', page)

    ended = await rani.submit("/account/security", ending)
    again = await rani.submit("/account/security", ending)

    assert "Chrome · Android" in page
    assert (ended.status_code, again.status_code) == (303, 404)
    assert (await phone.get("/account")).status_code == 303
    assert (await rani.get("/account")).status_code == 200

    everywhere = await rani.submit("/account/security", "/account/sessions/end")

    assert everywhere.headers["location"] == "/account/login?done=everywhere"
    async with database.write(SYSTEM) as session:
        live = select(func.count()).select_from(Session).where(Session.revoked_at.is_(None))
        assert await session.scalar(live) == 0


async def test_somebody_elses_device_is_not_found(rani: Person, open_person: Open, make) -> None:
    stranger = await open_person()
    await stranger.log_in((await make.user()).email)
    other = await open_person()
    await other.log_in("rani@contoh.id")
    (ending,) = re.findall(
        r'"(/account/sessions/[0-9a-f-]+/end)"', (await rani.get("/account/security")).text
    )

    answer = await stranger.submit("/account/security", ending)

    assert answer.status_code == 404
    assert (await other.get("/account")).status_code == 200


async def test_a_changed_password_ends_the_other_devices(rani: Person, open_person: Open) -> None:
    other = await open_person()
    await other.log_in("rani@contoh.id")

    wrong = await rani.submit("/account/security", "/account/password", given="salah", password=NEW)
    right = await rani.submit("/account/security", "/account/password", given=PASSWORD, password=NEW)

    assert (wrong.status_code, right.headers["location"]) == (401, "/account/security?done=password")
    assert (await rani.get("/account")).status_code == 200
    assert (await other.get("/account")).status_code == 303


async def test_what_is_booked_while_signed_in_is_in_the_account(
    rani: Person, open_person: Open, make, database
) -> None:
    event = await make.event(title="Malam Keroncong", price_amount=0)
    stranger = await open_person()
    await stranger.register(email="budi@contoh.id")

    held = await rani.hold(event_path(event.slug, event.short_id), name="Rani Wijaya")

    assert held.status_code == 303
    user = await user_of(database)
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(Order.user_id))).all() == [user.id]
        actor = await session.execute(
            text("SELECT actor_kind, actor_id FROM audit_entries WHERE seq = 1 AND subject_kind = 'order'")
        )
    assert [tuple(row) for row in actor] == [("user", user.id)]
    assert "Malam Keroncong" in (await rani.get("/account")).text
    assert "Malam Keroncong" not in (await stranger.get("/account")).text


async def test_the_list_of_bookings_costs_the_same_for_one_and_for_three(
    rani: Person, make, database, count_page_queries
) -> None:
    user = await user_of(database)
    event = await make.event()
    costs = []
    for wanted in (1, 2):
        for _ in range(wanted):
            await make.order(event, user_id=user.id)
        with count_page_queries() as seen:
            page = await rani.get("/account")
        costs.append(len(seen))
        assert page.text.count('class="kept card"') == (1 if wanted == 1 else 3)
    assert costs[0] == costs[1]


async def test_an_instance_for_accounts_only_sells_to_nobody_else(
    settings, database_url, make, open_person: Open, database
) -> None:
    own = settings.model_copy(update={"require_login": True})
    app = create_app(build_registry(Instance(own, database_url, None), "web"))
    event = await make.event(price_amount=0)
    path = event_path(event.slug, event.short_id)
    async with app.router.lifespan_context(app):
        person = await open_person(app)
        sheet = await person.get(f"{path}/book")
        wish = {"eventId": str(event.id), "name": "Siti Nurhaliza", "qty": 1}
        api = await person.client.post("/api/bookings/hold", json=wish)
        posted = await person.hold(path, token=await person.token("/account/login"))
        refused = await count(database, Order)
        await person.register()
        held = await person.client.post("/api/bookings/hold", json=wish)

    assert sheet.headers["location"] == f"/account/login?next={path.replace('/', '%2F')}%2Fbook"
    assert (api.status_code, api.json()["code"]) == (401, "auth.required")
    assert (posted.status_code, refused, held.status_code) == (401, 0, 201)


async def test_staff_find_their_desk_on_their_account(open_person: Open, make, rani: Person) -> None:
    staff = await open_person()
    await staff.log_in((await make.user(await make.merchant(), MerchantRole.STAFF)).email)

    assert ['href="/backoffice"' in (await who.get("/account")).text for who in (staff, rani)] == [
        True,
        False,
    ]


async def test_letters_to_one_address_are_limited_from_wherever_they_are_asked(
    settings, database_url, open_person: Open, make, database
) -> None:
    own = settings.model_copy(update={"rate_limits": "on", "trusted_proxies": ("127.0.0.1",)})
    app = create_app(build_registry(Instance(own, database_url, None), "web"))
    user = await make.user()
    async with app.router.lifespan_context(app):
        statuses = {}
        for email in (user.email, "tak-ada@contoh.id"):
            statuses[email] = []
            for number in range(4):
                person = await open_person(app, **{"x-forwarded-for": f"203.0.113.{number}"})
                answer = await person.submit("/account/forgot", "/account/forgot", email=email)
                statuses[email].append(answer.status_code)

    assert list(statuses.values()) == [[200, 200, 200, 429]] * 2


async def test_bookings_of_an_account_are_shown_page_by_page(rani: Person, make, owner) -> None:
    event = await make.event(capacity=100, max_per_order=1)
    codes = [(await make.order(event)).code for _ in range(PAGE_SIZE + 1)]
    await owner("UPDATE orders SET user_id = (SELECT id FROM users)")

    first = await rani.get("/account")
    older = re.search(r'href="(/account\?before=[^"#]+)', first.text)
    assert older is not None
    second = await rani.get(older[1])

    assert [[code in page.text for code in reversed(codes)] for page in (first, second)] == [
        [*[True] * PAGE_SIZE, False],
        [*[False] * PAGE_SIZE, True],
    ]
    assert ("Pesanan yang lebih lama" in second.text, "Pesanan terbaru" in second.text) == (False, True)
