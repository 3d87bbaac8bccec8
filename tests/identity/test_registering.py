"""An account of one's own: made once per address, verified and mended by links that each open one thing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import func, select, text

from pesan.audit.models import AuditEntry
from pesan.db import Database
from pesan.errors import InvalidInput
from pesan.identity.errors import EmailTaken, LinkOver, SignInToVerify, WeakPassword, WrongCredentials
from pesan.identity.links import AccountLinks
from pesan.identity.models import Session, User
from pesan.identity.queries import find_session
from pesan.identity.service import (
    ask_reset,
    log_in,
    register,
    reset_password,
    set_active,
    set_password,
    verify_email,
)
from pesan.identity.states import LinkPurpose
from pesan.settings import Settings
from tests.identity.conftest import PASSWORD, SYSTEM

MakeUser = Callable[..., Awaitable[User]]
WISH = {"email": "Rani@Contoh.id", "name": "Rani Wijaya", "password": PASSWORD}
NEW = "gajah payung hijau"


@pytest.fixture
def links(settings: Settings) -> AccountLinks:
    return AccountLinks(settings.secret, "https://tiket.example")


async def jobs(database: Database) -> list[tuple[str, str]]:
    query = text("SELECT task_name, args->>'user_id' FROM procrastinate_jobs ORDER BY id")
    async with database.write(SYSTEM) as session:
        return [(name, user_id) for name, user_id in await session.execute(query)]


async def user_of(database: Database, email: str) -> User:
    async with database.read(SYSTEM) as session:
        return (await session.scalars(select(User).where(User.email == email))).one()


def token_of(links: AccountLinks, purpose: LinkPurpose, user: User, *, age: float = 0) -> str:
    return links.make(purpose, user, time.time() - age).partition("token=")[2]


async def test_register_makes_an_account_without_a_role_and_signs_it_in(web_database, database) -> None:
    opened = await register(web_database, **WISH, locale="en", ip_digest="d", user_agent="Firefox")

    async with web_database.identity() as session:
        person = await find_session(session, opened.token)
    assert person is not None
    assert (person.email, person.name, person.role, person.is_verified) == (
        "rani@contoh.id",
        "Rani Wijaya",
        "customer",
        False,
    )
    user = await user_of(database, "rani@contoh.id")
    assert (user.locale, user.password_hash.startswith("$argon2id$")) == ("en", True)
    assert await jobs(database) == [("notifications.send_account_letter", str(user.id))]
    async with database.read(SYSTEM) as session:
        found = await session.execute(
            select(AuditEntry.action, AuditEntry.actor_kind).order_by(AuditEntry.seq)
        )
    assert [tuple(row) for row in found] == [
        ("user:account:created", "user"),
        ("user:session:opened", "user"),
    ]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"email": "rani"}, InvalidInput),
        ({"name": "<b>"}, InvalidInput),
        ({"password": "password123"}, WeakPassword),
        ({"password": "rani wijaya"}, WeakPassword),
    ],
)
async def test_refused_registration_leaves_nothing(web_database, database, changes, refusal) -> None:
    with pytest.raises(refusal):
        await register(web_database, **{**WISH, **changes}, locale="id")

    async with database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 0
    assert await jobs(database) == []


async def test_registrations_of_one_address_at_the_same_moment_make_one_account(
    web_database, database
) -> None:
    wishes = [register(web_database, **WISH, locale="id") for _ in range(6)]

    outcomes = await asyncio.gather(*wishes, return_exceptions=True)

    refused = [type(one) for one in outcomes if isinstance(one, Exception)]
    assert refused == [EmailTaken] * 5
    async with database.read(SYSTEM) as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await session.scalar(text("SELECT count(*) FROM audit_entries")) == 2


async def test_verification_takes_the_address_once(web_database, database, links) -> None:
    await register(web_database, **WISH, locale="id")
    user = await user_of(database, "rani@contoh.id")
    token = token_of(links, LinkPurpose.VERIFY_EMAIL, user)

    await verify_email(web_database, links, token, by=user.id)
    first = (await user_of(database, user.email)).email_verified_at
    await verify_email(web_database, links, token, by=user.id)

    assert first is not None
    assert (await user_of(database, user.email)).email_verified_at == first
    assert [name for name, _ in await jobs(database)] == [
        "notifications.send_account_letter",
        "orders.join_account",
    ]


async def test_an_address_is_verified_only_by_whoever_is_signed_in_to_its_account(
    web_database, database, links, make_user: MakeUser
) -> None:
    await register(web_database, **WISH, locale="id")
    user, stranger = await user_of(database, "rani@contoh.id"), await make_user()
    token = token_of(links, LinkPurpose.VERIFY_EMAIL, user)

    for by in (None, stranger.id):
        with pytest.raises(SignInToVerify):
            await verify_email(web_database, links, token, by=by)

    assert (await user_of(database, user.email)).email_verified_at is None
    assert [name for name, _ in await jobs(database)] == ["notifications.send_account_letter"]


async def test_reset_sets_the_password_ends_every_session_and_works_once(
    web_database, database, links
) -> None:
    opened = await register(web_database, **WISH, locale="id")
    user = await user_of(database, "rani@contoh.id")
    token = token_of(links, LinkPurpose.RESET_PASSWORD, user)

    await reset_password(web_database, links, token=token, password=NEW)

    async with web_database.identity() as session:
        assert await find_session(session, opened.token) is None
        live = select(func.count()).select_from(Session).where(Session.revoked_at.is_(None))
        assert await session.scalar(live) == 0
    with pytest.raises(WrongCredentials):
        await log_in(web_database, email=user.email, password=PASSWORD)
    with pytest.raises(LinkOver):
        await reset_password(web_database, links, token=token, password="sapi terbang jauh")
    assert (await log_in(web_database, email=user.email, password=NEW)).user_id == user.id
    assert (await user_of(database, user.email)).email_verified_at is not None


async def test_links_open_nothing_but_what_they_are_for(
    web_database, database, links, make_user: MakeUser
) -> None:
    user, other = await make_user(), await make_user()
    purposes = list(LinkPurpose)
    good = {purpose: token_of(links, purpose, user) for purpose in purposes}
    body, _, signature = good[LinkPurpose.RESET_PASSWORD].partition(".")
    foreign = AccountLinks(b"another secret of thirty-two bytes", "https://tiket.example")
    bad = [
        good[LinkPurpose.VERIFY_EMAIL],
        token_of(links, LinkPurpose.RESET_PASSWORD, user, age=3601),
        token_of(foreign, LinkPurpose.RESET_PASSWORD, user),
        f"{token_of(links, LinkPurpose.RESET_PASSWORD, other).partition('.')[0]}.{signature}",
        body,
        "",
        "x" * 5_000,
        "é.é",
    ]

    for token in bad:
        with pytest.raises(LinkOver):
            await reset_password(web_database, links, token=token, password=NEW)
    for token in (
        good[LinkPurpose.RESET_PASSWORD],
        token_of(links, LinkPurpose.VERIFY_EMAIL, user, age=3 * 86_401),
    ):
        with pytest.raises(LinkOver):
            await verify_email(web_database, links, token, by=user.id)

    assert (await log_in(web_database, email=user.email, password=PASSWORD)).user_id == user.id
    assert (await user_of(database, user.email)).email_verified_at is None


async def test_a_reset_link_dies_with_another_change_and_with_the_account(
    web_database, database, links, make_user: MakeUser
) -> None:
    changed, disabled = await make_user(), await make_user()
    tokens = [token_of(links, LinkPurpose.RESET_PASSWORD, user) for user in (changed, disabled)]
    async with database.write(SYSTEM) as session:
        await set_password(session, user_id=changed.id, password="sapi terbang jauh", actor=SYSTEM)
    async with database.write(SYSTEM) as session:
        await set_active(session, user_id=disabled.id, is_active=False, actor=SYSTEM)

    for token in tokens:
        with pytest.raises(LinkOver):
            await reset_password(web_database, links, token=token, password=NEW)


async def test_asking_for_a_reset_does_the_same_for_a_stranger(
    web_database, database, make_user: MakeUser
) -> None:
    user = await make_user()

    for email in (user.email.upper(), "nobody@contoh.id"):
        await ask_reset(web_database, email)

    found = await jobs(database)
    assert [name for name, _ in found] == ["notifications.send_account_letter"] * 2
    assert [user_id == str(user.id) for _, user_id in found] == [True, False]
