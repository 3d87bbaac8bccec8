"""The second step over HTTP: set up, passed, asked for by a merchant, and never gone around."""

import re
import time

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from pesan.identity.states import MerchantRole, PlatformRole
from tests.storefront.shop import problem
from tests.storefront.test_account import Open, Person, open_person  # noqa: F401
from tests.support.factories import PASSWORD, SYSTEM

SECRET = re.compile(r'<p class="code">([A-Z2-7]{32})</p>')
RECOVERY = re.compile(r'<li class="code">([0-9A-Z-]{19})</li>')


def next_code(secret: str) -> str:
    """The code of the step to come: it was not used yet, and stays near enough however slow the machine is."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


async def turn_on(person: Person) -> tuple[str, list[str]]:
    """Set the second step up; the app's secret and the recovery codes."""
    started = await person.submit("/account/factors", "/account/factors/start", given=PASSWORD)
    assert started.status_code == 303
    found = SECRET.search((await person.get("/account/factors")).text)
    assert found is not None
    code = pyotp.TOTP(found[1]).at(int(time.time()))
    page = await person.submit("/account/factors", "/account/factors/confirm", code=code)
    assert page.status_code == 200, page.text
    return found[1], RECOVERY.findall(page.text)


@pytest.fixture
async def user(make):
    return await make.user()


@pytest.fixture
async def guarded(open_person: Open, user) -> tuple[Person, str, list[str]]:  # noqa: F811
    person = await open_person()
    await person.log_in(user.email)
    return person, *await turn_on(person)


async def test_setting_it_up_gives_codes_once_and_a_new_session(open_person: Open, user) -> None:  # noqa: F811
    person = await open_person()
    await person.log_in(user.email)
    before = person.client.cookies["pesan_session"]

    _, codes = await turn_on(person)

    page = (await person.get("/account/factors")).text
    assert (len(set(codes)), "Sisa 10 kode pemulihan" in page) == (10, True)
    assert [code for code in codes if code in page] == []
    assert person.client.cookies["pesan_session"] != before
    assert (await person.get("/account")).status_code == 200


@pytest.mark.parametrize("login", ["/account/login", "/backoffice/login"])
async def test_signing_in_takes_the_second_step(open_person: Open, guarded, user, login: str) -> None:  # noqa: F811
    _, secret, _ = guarded
    person = await open_person()
    typed = {"email": user.email, "given": PASSWORD, "password": PASSWORD, "next": "/account/security"}

    first = await person.submit(login, login, **typed)
    between = await person.get("/account/security")
    page = first.headers["location"]
    wrong = await person.submit(page, "/account/second-step", code="000000", next="/account/security")
    right = await person.submit(
        page, "/account/second-step", code=next_code(secret), next="/account/security"
    )

    assert page == "/account/second-step?next=%2Faccount%2Fsecurity"
    assert (between.status_code, wrong.status_code) == (303, 401)
    assert (right.status_code, right.headers["location"]) == (303, "/account/security")
    assert (await person.get("/account/security")).status_code == 200
    assert "pesan_step" not in person.client.cookies


async def test_the_step_without_a_password_leads_to_log_in(open_person: Open) -> None:  # noqa: F811
    person = await open_person()

    page = await person.get("/account/second-step")
    posted = await person.submit("/account/login", "/account/second-step", code="123456")

    assert (page.headers["location"], posted.status_code) == ("/account/login", 401)
    assert "pesan_session" not in person.client.cookies


async def test_the_step_leads_nowhere_else(open_person: Open, guarded, user) -> None:  # noqa: F811
    _, secret, _ = guarded
    person = await open_person()
    await person.log_in(user.email)

    done = await person.submit(
        "/account/second-step", "/account/second-step", code=next_code(secret), next="//evil.example"
    )

    assert done.headers["location"] == "/account"


async def test_setting_up_takes_the_password(open_person: Open, user) -> None:  # noqa: F811
    person = await open_person()
    await person.log_in(user.email)

    refused = await person.submit("/account/factors", "/account/factors/start", given="salah sekali")

    assert refused.status_code == 401
    assert SECRET.search((await person.get("/account/factors")).text) is None


async def test_turning_it_off_takes_a_code(guarded) -> None:
    person, _, codes = guarded

    wrong = await person.submit("/account/factors", "/account/factors/remove", code="000000")
    right = await person.submit("/account/factors", "/account/factors/remove", code=codes[0])

    assert (wrong.status_code, right.headers["location"]) == (401, "/account/factors?done=removed")


async def test_a_program_sends_the_code_with_the_password(client: httpx.AsyncClient, guarded, user) -> None:
    _, secret, _ = guarded
    login = {"email": user.email, "password": PASSWORD}
    code = next_code(secret)

    bare = await client.post("/api/auth/login", json=login)
    wrong = await client.post("/api/auth/login", json={**login, "otp": "000000"})
    right = await client.post("/api/auth/login", json={**login, "otp": code})
    again = await client.post("/api/auth/login", json={**login, "otp": code})

    assert problem(bare) == (401, "auth.second_factor_needed")
    assert [problem(answer) for answer in (wrong, again)] == [(401, "auth.wrong_code")] * 2
    assert (right.status_code, right.json()["user"]["id"]) == (200, str(user.id))
    assert "set-cookie" not in bare.headers


async def test_a_merchant_asks_its_team_for_the_second_step(
    open_person: Open,  # noqa: F811
    make,
    database,
) -> None:
    merchant = await make.merchant()
    path = f"/organizer/{merchant.slug}"
    organizer, staff = await open_person(), await open_person()
    for person, role in ((organizer, MerchantRole.ORGANIZER), (staff, MerchantRole.STAFF)):
        await person.log_in((await make.user(merchant, role)).email)

    weak = await organizer.submit(f"{path}/brand", f"{path}/brand/second-factor", needed="yes")
    await turn_on(organizer)
    strong = await organizer.submit(f"{path}/brand", f"{path}/brand/second-factor", needed="yes")

    assert (weak.headers["location"], strong.headers["location"]) == (
        "/account/factors?needed=true",
        f"{path}/brand?saved=true",
    )
    refused = await staff.get(f"{path}/bookings")
    assert refused.headers["location"] == "/account/factors?needed=true"
    await turn_on(staff)
    assert (await staff.get(f"{path}/bookings")).status_code == 200

    await organizer.submit(f"{path}/brand", f"{path}/brand/second-factor", needed="no")
    async with database.read(SYSTEM) as session:
        noted = text("SELECT count(*) FROM audit_entries WHERE action = 'merchant:second_factor:changed'")
        assert await session.scalar(noted) == 2


async def test_an_administrators_password_alone_neither_opens_nor_lifts_what_a_merchant_asks(
    open_person: Open,  # noqa: F811
    make,
    database,
) -> None:
    merchant = await make.merchant()
    page = f"/organizer/{merchant.slug}/brand"
    admin = await open_person()
    await admin.log_in((await make.user(platform_role=PlatformRole.SUPER_ADMIN)).email)
    before = await admin.get(page)
    lifted_weakly = await admin.submit(page, f"{page}/second-factor", needed="no")
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE merchants SET needs_second_factor = true"))

    opened = await admin.get(page)
    lifted = await admin.submit("/account/security", f"{page}/second-factor", needed="no")

    assert before.status_code == 200
    led = [answer.headers["location"] for answer in (lifted_weakly, opened, lifted)]
    assert led == ["/account/factors?needed=true"] * 3
    async with database.read(SYSTEM) as session:
        assert await session.scalar(text("SELECT needs_second_factor FROM merchants")) is True
    await turn_on(admin)
    assert (await admin.get(page)).status_code == 200


async def test_a_program_of_a_weak_session_is_told_so(app: FastAPI, make, client, database) -> None:
    merchant = await make.merchant()
    user = await make.user(merchant)
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE merchants SET needs_second_factor = true"))
    token = (await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})).json()[
        "token"
    ]

    answer = await client.get(
        f"/organizer/{merchant.slug}/bookings", headers={"authorization": f"Bearer {token}"}
    )

    assert problem(answer) == (403, "auth.second_factor_required")


async def test_passkeys_are_not_offered_where_no_browser_makes_one(open_person: Open, user) -> None:  # noqa: F811
    person = await open_person()
    await person.log_in(user.email)

    page = await person.get("/account/factors/passkeys")
    asked = await person.submit("/account/security", "/account/factors/passkeys/ask", given=PASSWORD)
    log_in = await (await open_person()).get("/account/login")

    assert "Passkey tidak bisa dipakai di alamat ini." in page.text
    assert asked.status_code == 409
    assert "/account/login/passkey" not in log_in.text
