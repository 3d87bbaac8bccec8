"""Programs sign in over `/api/auth/*`: the documents' answers, tokens that can be taken back, refreshes used once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, text

from pesan.identity.access_tokens import AccessTokens
from pesan.identity.models import Session, User
from pesan.identity.policies import SignedIn
from pesan.identity.service import refreshing, set_active, set_membership
from pesan.identity.states import MerchantRole
from pesan.web.people import Sessions
from tests.storefront.shop import problem
from tests.support.factories import PASSWORD, SYSTEM

RANI = {"email": "Rani@contoh.id", "password": PASSWORD, "fullName": "Rani Wijaya"}
LOGIN = {"email": "rani@contoh.id", "password": PASSWORD}


@pytest.fixture
async def rani(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/api/auth/register", json=RANI)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "accept": "application/json"}


async def opens(client: httpx.AsyncClient, token: str) -> bool:
    """Whether a token signs its program in, without the help of a cookie."""
    async with httpx.AsyncClient(transport=client._transport, base_url="http://127.0.0.1") as other:
        return (await other.get("/account", headers=bearer(token))).status_code == 200


async def user_of(database) -> User:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(User))).one()


async def cookie_of(make) -> dict[str, str]:
    """The header of somebody else's browser."""
    cookies = await make.session_of(await make.user())
    return {"cookie": f"pesan_session={cookies['pesan_session']}"}


async def live_sessions(database) -> int:
    async with database.write(SYSTEM) as session:
        live = select(func.count()).select_from(Session).where(Session.revoked_at.is_(None))
        return (await session.scalars(live)).one()


async def test_register_answers_as_the_document_says(client, rani, database) -> None:
    user = await user_of(database)

    assert rani == {
        "user": {"id": str(user.id), "email": "rani@contoh.id", "slug": None},
        "token": rani["token"],
    }
    assert await opens(client, rani["token"])


async def test_log_in_answers_as_the_document_says(client, make) -> None:
    merchant = await make.merchant(slug="toko-tina")
    user = await make.user(merchant, MerchantRole.ORGANIZER)

    answer = await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})

    assert (answer.status_code, answer.json()["user"]) == (
        200,
        {"id": str(user.id), "email": user.email, "slug": "toko-tina"},
    )
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("pesan_refresh=")
    assert "HttpOnly; Max-Age=604800; Path=/; SameSite=lax" in cookie
    assert "refresh" not in answer.text


@pytest.mark.parametrize("body", [{**LOGIN, "password": "salah"}, {**LOGIN, "email": "tak-ada@contoh.id"}])
async def test_wrong_credentials_are_refused_alike(client, rani, body) -> None:
    answer = await client.post("/api/auth/login", json=body)

    assert problem(answer) == (401, "auth.wrong_credentials")
    assert answer.json()["error"] == answer.json()["detail"]
    assert "set-cookie" not in answer.headers


async def test_refused_registration_leaves_nothing(client, database) -> None:
    answers = [
        await client.post("/api/auth/register", json={**RANI, **changes})
        for changes in ({"email": "x"}, {"fullName": "<>"}, {"password": "password123"}, {"fullName": None})
    ]

    assert [answer.status_code for answer in answers] == [422] * 4
    async with database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_a_known_address_cannot_be_registered_again(client, rani) -> None:
    assert problem(await client.post("/api/auth/register", json=RANI)) == (409, "identity.email_taken")


async def test_a_form_is_no_json(client, rani) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        answer = await client.post(
            "/api/auth/login", content='{"email":"rani@contoh.id"}', headers={"content-type": kind}
        )
        assert answer.status_code == 415


async def test_another_site_cannot_sign_people_in_or_refresh(client, rani) -> None:
    foreign = {"origin": "https://jahat.example", "sec-fetch-site": "cross-site"}

    answers = [
        await client.post(f"/api/auth/{end}", json=LOGIN, headers=foreign) for end in ("login", "refresh")
    ]

    assert [problem(answer) for answer in answers] == [(403, "http.cross_site")] * 2


async def test_refresh_gives_the_next_token_and_the_next_cookie(client, rani) -> None:
    first = client.cookies["pesan_refresh"]

    answer = await client.post("/api/auth/refresh", json={})

    assert answer.status_code == 200
    assert list(answer.json()) == ["token"]
    assert client.cookies["pesan_refresh"] != first
    assert await opens(client, answer.json()["token"])


async def send(client: httpx.AsyncClient, token: str) -> httpx.Response:
    client.cookies.clear()
    client.cookies.set("pesan_refresh", token, domain="127.0.0.1")
    return await client.post("/api/auth/refresh")


async def reuses_noted(database) -> int:
    async with database.read(SYSTEM) as session:
        noted = text("SELECT count(*) FROM audit_entries WHERE action = 'user:session:reused'")
        return (await session.scalars(noted)).one()


@pytest.mark.parametrize("is_older", [False, True], ids=["the last one, later", "one before the last"])
async def test_a_refresh_token_that_comes_back_ends_the_whole_session(
    client, rani, database, owner, is_older
) -> None:
    stolen = client.cookies["pesan_refresh"]
    owners = (await client.post("/api/auth/refresh")).json()["token"]
    if is_older:
        assert (await client.post("/api/auth/refresh")).status_code == 200
    else:
        await owner("UPDATE sessions SET rotated_at = rotated_at - interval '1 hour'")
    current = client.cookies["pesan_refresh"]

    answers = [problem(await send(client, token)) for token in (stolen, current)]

    assert answers == [(401, "auth.refresh_over")] * 2
    assert [await opens(client, token) for token in (rani["token"], owners)] == [False, False]
    assert await reuses_noted(database) == 1


async def test_what_was_never_given_out_ends_nothing(client, rani, database) -> None:
    session_id, family, last = (current := client.cookies["pesan_refresh"]).split(".")
    other_family = ("B" if family[0] == "A" else "A") + family[1:]
    made_up = [f"{session_id}.x", f"{session_id}.x.{last}", f"{session_id}.{other_family}.{last}"]

    answers = [problem(await send(client, token)) for token in made_up]

    assert answers == [(401, "auth.refresh_over")] * 3
    assert await reuses_noted(database) == 0
    assert (await send(client, current)).status_code == 200


# A second tab, or a network that lost the answer, sends a token twice: no thief, so it must not sign anybody out.
async def test_refreshes_at_the_same_moment_give_one_token_and_end_nothing(
    client, rani, database, monkeypatch
) -> None:
    # However slow the machine is, all of them come within the overlap.
    monkeypatch.setattr(refreshing, "REFRESH_OVERLAP", timedelta(hours=1))
    cookie = {"cookie": f"pesan_refresh={client.cookies['pesan_refresh']}"}
    client.cookies.clear()

    answers = await asyncio.gather(*(client.post("/api/auth/refresh", headers=cookie) for _ in range(8)))

    won = [answer.json()["token"] for answer in answers if answer.status_code == 200]
    assert [await opens(client, token) for token in won] == [True]
    assert (await live_sessions(database), await reuses_noted(database)) == (1, 0)


@pytest.mark.parametrize("token", ["", "x", "0" * 32, f"{'0' * 32}.x", "zz.zz"])
async def test_refresh_with_anything_else_is_refused(client, rani, token) -> None:
    kept = client.cookies["pesan_refresh"]
    client.cookies.clear()

    answer = await client.post("/api/auth/refresh", headers={"cookie": f"pesan_refresh={token}"})

    assert problem(answer) == (401, "auth.refresh_over")
    client.cookies.set("pesan_refresh", kept, domain="127.0.0.1")
    assert (await client.post("/api/auth/refresh")).status_code == 200


async def test_a_refresh_waits_a_week_and_a_session_lasts_a_month(client, rani, owner) -> None:
    await owner("UPDATE sessions SET created_at = created_at - interval '28 days'")
    assert (await client.post("/api/auth/refresh")).status_code == 200
    await owner("UPDATE sessions SET created_at = created_at - interval '3 days', expires_at = created_at")

    assert problem(await client.post("/api/auth/refresh")) == (401, "auth.refresh_over")


async def test_neither_token_opens_what_the_other_does(client, rani) -> None:
    refresh = client.cookies["pesan_refresh"]
    client.cookies.clear()

    for value in (refresh, rani["token"]):
        page = await client.get("/account", headers={"cookie": f"pesan_session={value}"})
        assert problem(page) == (401, "auth.required")
    assert await opens(client, refresh) is False


async def test_log_out_by_get_takes_a_bearer_token_only(client, rani, make) -> None:
    cookies = await cookie_of(make)
    by_cookie = await client.get("/api/auth/logout", headers=cookies)
    by_token = await client.get("/api/auth/logout", headers=bearer(rani["token"]))

    assert problem(by_cookie) == (401, "auth.bearer_needed")
    assert (by_token.status_code, by_token.json()) == (200, {"message": "Logged out"})
    assert await opens(client, rani["token"]) is False
    assert "pesan_refresh" not in client.cookies


async def test_log_out_by_post_ends_a_browsers_session_too(client, make, database) -> None:
    cookies = await cookie_of(make)

    answer = await client.post("/api/auth/logout", headers=cookies)

    assert answer.json() == {"message": "Logged out"}
    assert await live_sessions(database) == 0


async def test_a_bad_token_is_not_made_up_for_by_a_cookie(client, rani, make) -> None:
    cookies = await cookie_of(make)

    answer = await client.get("/account", headers={**cookies, **bearer(rani["token"] + "x")})

    assert problem(answer) == (401, "auth.required")


async def test_a_disabled_person_and_changed_roles_count_at_once(client, rani, make, database) -> None:
    merchant = await make.merchant()
    user = await user_of(database)
    path = f"/organizer/{merchant.slug}/bookings"
    before = (await client.get(path, headers=bearer(rani["token"]))).status_code
    async with database.write(SYSTEM) as session:
        await set_membership(
            session, user_id=user.id, merchant_id=merchant.id, role=MerchantRole.STAFF, actor=SYSTEM
        )
    token = (await client.post("/api/auth/login", json=LOGIN)).json()["token"]
    hired = (await client.get(path, headers=bearer(token))).status_code
    async with database.write(SYSTEM) as session:
        await set_active(session, user_id=user.id, is_active=False, actor=SYSTEM)

    assert (before, hired, await opens(client, token)) == (403, 200, False)


async def test_a_token_of_another_person_does_not_open_a_session(
    client, rani, make, registry, database
) -> None:
    other = await make.user()
    person = await registry[Sessions].find_by_bearer(rani["token"])
    assert isinstance(person, SignedIn)
    forged = registry[AccessTokens].make(replace(person, user_id=other.id), None)

    assert await opens(client, forged) is False
