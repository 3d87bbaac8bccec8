"""Signing in with a provider, which is asked over a socket: who gets in, and what is refused."""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, text

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.identity.changes import PROVIDER_JOINED, PROVIDER_LEFT
from pesan.identity.factors.models import Passkey
from pesan.identity.models import User
from pesan.identity.openid.provider import Provider
from tests.storefront.test_account import Open, Person, open_person  # noqa: F401
from tests.support.factories import PASSWORD, SYSTEM
from tests.support.providers.openid import FakeOpenId
from tests.support.providers.server import Fault, Reply, running_provider

Another = Callable[[], Awaitable[Person]]
COUNTS = (
    "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions WHERE revoked_at IS NULL),"
    " (SELECT count(*) FROM provider_identities)"
)


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenId]:
    async with running_provider(FakeOpenId()) as provider:
        yield provider


@pytest.fixture
async def site(settings, database_url, fake: FakeOpenId) -> AsyncIterator[FastAPI]:
    """An instance whose people may sign in at the fake."""
    own = settings.model_copy(
        update={
            "oidc_issuer": fake.url,
            "oidc_client_id": fake.client_id,
            "oidc_client_secret": SecretStr(fake.client_secret),
            "oidc_name": "Kantor",
        }
    )
    app = create_app(build_registry(Instance(own, database_url, None), "web"))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def another(open_person: Open, site: FastAPI) -> Another:  # noqa: F811
    """Opens one more browser."""
    return lambda: open_person(site)


@pytest.fixture
async def person(another: Another) -> Person:
    return await another()


async def leave(person: Person, target: str = "/account/security") -> str:
    """Go to the provider; the address that it sends the person back to."""
    away = await person.get(f"/account/openid?next={target}")
    async with httpx.AsyncClient() as browser:
        there = await browser.get(away.headers["location"])
    assert there.status_code == 303, there.text
    return there.headers["location"]


async def counts(database) -> tuple[int, int, int]:
    """How many people, live sessions and joined accounts there are."""
    async with database.identity() as session:
        return tuple((await session.execute(text(COUNTS))).one())


async def test_somebody_new_gets_an_account_and_the_same_one_again(
    person: Person,
    database,
    another: Another,
    fake: FakeOpenId,
) -> None:
    page = await person.get("/account/login")
    back = await leave(person)
    done = await person.get(back)
    account = await person.get("/account")
    fake.person["email"] = "rani.wijaya@contoh.id"  # the address changes there, the person does not
    second = await another()
    again = await second.get(await leave(second))

    assert "Masuk dengan Kantor" in page.text
    assert back.startswith("http://127.0.0.1/account/openid/callback?")
    assert (done.status_code, done.headers["location"]) == (303, "/account/security")
    assert "rani@contoh.id · terverifikasi" in account.text
    assert again.status_code == 303
    assert "rani@contoh.id" in (await second.get("/account")).text
    assert await counts(database) == (1, 2, 1)


async def test_a_known_address_joins_and_whoever_had_claimed_it_is_out(
    person: Person,
    database,
    another: Another,
) -> None:
    claimed = await another()
    await claimed.register(email="rani@contoh.id")
    async with database.identity() as session:
        owner, key = (await session.scalars(select(User.id))).one(), b"key"
        session.add(Passkey(user_id=owner, name="Kunci", credential_id=key, public_key=key, sign_count=0))

    await person.get(await leave(person))

    assert (await person.get("/account")).status_code == 200
    assert (await claimed.get("/account")).status_code == 303
    assert (await claimed.log_in("rani@contoh.id")).status_code == 401
    assert await counts(database) == (1, 1, 1)


async def test_a_verified_account_keeps_its_password_and_its_second_step(
    person: Person,
    database,
    another: Another,
    make,
) -> None:
    user = await make.user(email="rani@contoh.id")
    async with database.identity() as session:
        await session.execute(text("UPDATE users SET email_verified_at = clock_timestamp()"))
        key = user.id.bytes
        session.add(Passkey(user_id=user.id, name="Kunci", credential_id=key, public_key=key, sign_count=0))

    by_provider = await person.get(await leave(person))
    by_password = await (await another()).log_in("rani@contoh.id", PASSWORD)

    steps = [answer.headers["location"].partition("?")[0] for answer in (by_provider, by_password)]
    assert steps == ["/account/second-step"] * 2
    assert (await person.get("/account")).status_code == 303


@pytest.mark.parametrize("claim", [False, None, "false", 1])
async def test_an_address_that_nobody_has_verified_joins_nothing(
    person: Person, database, make, fake: FakeOpenId, claim: object
) -> None:
    await make.user(email="rani@contoh.id")
    fake.person["email_verified"] = claim

    refused = await person.get(await leave(person))

    assert (refused.status_code, "belum memverifikasi alamat" in refused.text) == (403, True)
    assert await counts(database) == (1, 0, 0)


async def test_who_got_somebodys_address_does_not_get_their_account(
    person: Person,
    database,
    another: Another,
    fake: FakeOpenId,
) -> None:
    await person.get(await leave(person))
    fake.person["sub"] = "another"
    successor = await another()

    refused = await successor.get(await leave(successor))

    assert (refused.status_code, "terhubung ke orang lain" in refused.text) == (403, True)
    assert await counts(database) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ({"nonce": "another"}, "ES256"),
        ({"exp": 1_700_000_000}, "ES256"),
        ({"iat": 4_000_000_000}, "ES256"),
        ({"aud": "another"}, "ES256"),
        ({"aud": ["pesan", "another"]}, "ES256"),
        ({"iss": "https://another.example"}, "ES256"),
        ({"sub": ""}, "ES256"),
        ({}, "none"),
        ({}, "HS256"),
        ({}, "other"),
    ],
)
async def test_a_token_that_proves_nothing_signs_nobody_in(
    person: Person, database, fake: FakeOpenId, changes: dict, way: str
) -> None:
    fake.changes, fake.way = changes, way

    refused = await person.get(await leave(person))

    assert (refused.status_code, "tidak berhasil" in refused.text) == (401, True)
    assert "pesan_session" not in person.client.cookies
    assert await counts(database) == (0, 0, 0)


async def test_only_the_browser_that_left_comes_back_and_once(
    person: Person,
    database,
    another: Another,
    fake: FakeOpenId,
) -> None:
    other = await another()
    back, others = await leave(person), await leave(other)
    code = dict(parse_qsl(urlsplit(back).query))["code"]

    swapped = await other.get(back)
    without = await (await another()).get(back)
    finished = await other.get(others)  # its trip ended with the wrong state
    done = await person.get(back)
    again = await person.get(back)

    refusals = [answer.status_code for answer in (swapped, without, finished, again)]
    assert (refusals, done.status_code) == ([401] * 4, 303)
    assert [asked.form["code"] for asked in fake.asked("POST /token")] == [code]
    assert await counts(database) == (1, 1, 1)


@pytest.mark.parametrize("change", ["&error=access_denied", "&iss=https%3A%2F%2Fanother.example"])
async def test_a_no_or_anothers_answer_is_not_asked_about(
    person: Person, database, fake: FakeOpenId, change: str
) -> None:
    refused = await person.get(await leave(person) + change)

    assert refused.status_code == 401
    assert fake.asked("POST /token") == []
    assert await counts(database) == (0, 0, 0)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="POST /token", drops=True),
        Fault(on="GET /keys", reply=Reply(200, {"keys": "none"})),
        Fault(on="GET /keys", reply=Reply(200, b"[]")),
        Fault(on="GET /keys", reply=Reply(302, headers={"location": "http://127.0.0.1:1/keys"})),
    ],
)
async def test_a_provider_that_does_not_answer_is_said_to_be_away(
    person: Person, database, fake: FakeOpenId, fault: Fault
) -> None:
    fake.faults.append(fault)

    refused = await person.get(await leave(person))

    assert (refused.status_code, "Kantor sedang tidak menjawab" in refused.text) == (503, True)
    assert await counts(database) == (0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "http://user@127.0.0.1/keys"},
        {"authorization_endpoint": None},
    ],
)
async def test_a_provider_that_names_something_odd_is_not_followed(
    person: Person, fake: FakeOpenId, change: dict
) -> None:
    found = fake.answer(await _asked(fake)).body
    fake.faults.append(Fault(on="GET /.well-known", reply=Reply(body={**found, **change})))

    refused = await person.get("/account/openid")

    assert refused.status_code == 503
    assert "pesan_trip" not in person.client.cookies


async def test_without_a_provider_nothing_is_offered(open_person: Open) -> None:  # noqa: F811
    person = await open_person()

    page = await person.get("/account/login")
    answers = [await person.get(path) for path in ("/account/openid", "/account/openid/callback?code=x")]

    assert "/account/openid" not in page.text
    assert [answer.status_code for answer in answers] == [404, 404]


async def test_a_new_key_of_the_provider_is_asked_for_after_a_while(
    person: Person,
    site: FastAPI,
    another: Another,
    fake: FakeOpenId,
) -> None:
    await person.get(await leave(person))
    fake.key = FakeOpenId().key
    second = await another()
    soon = await second.get(await leave(second))
    provider = site.state.registry[Provider]
    known = provider._keys
    provider._keys = (known[0] - 61, known[1])
    later = await second.get(await leave(second))

    assert (soon.status_code, later.status_code) == (401, 303)


async def _asked(fake: FakeOpenId):
    async with httpx.AsyncClient() as browser:
        await browser.get(f"{fake.url}/.well-known/openid-configuration")
    return fake.requests[-1]


async def test_provider_is_taken_off_by_its_password_and_its_owner_hears_of_it(
    person: Person, database
) -> None:
    await person.register(email="rani@contoh.id")
    async with database.identity() as session:
        await session.execute(text("UPDATE users SET email_verified_at = clock_timestamp()"))
    await person.get(await leave(person))
    page, path = "/account/provider", "/account/provider/leave"

    before = await person.get(page)
    wrong = await person.submit(page, path, given="salah sekali")
    kept = await counts(database)
    done = await person.submit(page, path, given=PASSWORD)
    again = await person.submit("/account/security", path, given=PASSWORD)

    assert ("Terhubung" in before.text, wrong.status_code, kept[2]) == (True, 401, 1)
    assert (done.status_code, done.headers["location"]) == (303, "/account/security?done=left")
    assert (again.status_code, (await counts(database))[2]) == (409, 0)
    query = text("SELECT args ->> 'change' FROM procrastinate_jobs WHERE args ? 'change' ORDER BY id")
    async with database.read(SYSTEM) as session:
        assert (await session.scalars(query)).all() == [PROVIDER_JOINED, PROVIDER_LEFT]
