"""Signing in: what is accepted, what is refused, and that guesses are counted whatever their timing."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import func, select, text, update

from pesan.audit.models import AuditEntry
from pesan.db import Database
from pesan.identity.errors import LogInLocked, WrongCredentials
from pesan.identity.known_browsers import KnownBrowser, KnownBrowsers
from pesan.identity.links import AccountLinks
from pesan.identity.models import LogInGuard, Session, User
from pesan.identity.queries import find_session
from pesan.identity.service import log_in, reset_password, set_active, set_password
from pesan.identity.states import LinkPurpose
from tests.identity.conftest import PASSWORD, SYSTEM

MakeUser = Callable[..., Awaitable[User]]


async def actions(database: Database, user: User) -> list[str]:
    async with database.read(SYSTEM) as session:
        found = select(AuditEntry.action).where(AuditEntry.subject_id == user.id).order_by(AuditEntry.seq)
        return list((await session.scalars(found)).all())


async def pass_time(database: Database, minutes: int) -> None:
    """Age every guard, which is what time does to them."""
    async with database.identity() as session:
        await session.execute(
            text(
                "UPDATE log_in_guards SET failed_at = failed_at - make_interval(mins => :minutes),"
                " locked_until = locked_until - make_interval(mins => :minutes)"
            ),
            {"minutes": minutes},
        )


async def test_log_in_with_the_right_password_opens_a_session(
    web_database: Database, make_user: MakeUser
) -> None:
    user = await make_user()

    opened = await log_in(
        web_database, email=f" {user.email.upper()} ", password=PASSWORD, user_agent="Firefox"
    )

    async with web_database.identity() as session:
        person = await find_session(session, opened.token)
        row = await session.get_one(Session, opened.session_id)
    assert person is not None
    assert (person.user_id, person.name, person.roles, person.platform_role) == (
        user.id,
        "Siti Rahma",
        {},
        None,
    )
    assert row.user_agent == "Firefox"
    assert opened.token.encode() not in row.token_digest


async def test_log_in_is_audited(database: Database, make_user: MakeUser) -> None:
    user = await make_user()

    await log_in(database, email=user.email, password=PASSWORD)

    assert await actions(database, user) == ["user:account:created", "user:session:opened"]


async def test_every_log_in_gets_a_token_of_its_own(database: Database, make_user: MakeUser) -> None:
    user = await make_user()

    opened = [await log_in(database, email=user.email, password=PASSWORD) for _ in range(3)]

    assert len({one.token for one in opened}) == 3
    assert all(len(one.token) >= 43 for one in opened)


async def test_wrong_password_and_unknown_email_are_refused_alike(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()

    with pytest.raises(WrongCredentials) as wrong:
        await log_in(database, email=user.email, password="bukan sandinya")
    with pytest.raises(WrongCredentials) as unknown:
        await log_in(database, email="nobody@kopi.example", password="bukan sandinya")

    assert wrong.value.text("id") == unknown.value.text("id")
    async with database.identity() as session:
        guards = (await session.execute(select(LogInGuard.failed_count, LogInGuard.locked_until))).all()
        sessions = await session.scalar(select(func.count()).select_from(Session))
    assert [tuple(guard) for guard in guards] == [(1, None), (1, None)]
    assert sessions == 0


@pytest.mark.parametrize("is_known", [True, False])
async def test_five_wrong_passwords_lock_the_address(
    database: Database, make_user: MakeUser, is_known: bool
) -> None:
    user = await make_user()
    email = user.email if is_known else "nobody@kopi.example"

    refusals = [await refusal(database, email, "bukan sandinya") for _ in range(6)]

    assert [type(error) for error in refusals] == [WrongCredentials] * 4 + [LogInLocked] * 2
    assert refusals[4].retry_after == 15 * 60
    locked = ["user:session:locked"] if is_known else []
    assert await actions(database, user) == ["user:account:created", *locked]


async def test_the_right_password_does_not_open_a_locked_address(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()
    for _ in range(5):
        await refusal(database, user.email, "bukan sandinya")

    assert type(await refusal(database, user.email, PASSWORD)) is LogInLocked


async def test_a_lock_ends_by_itself_and_the_next_one_is_longer(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()
    for _ in range(5):
        await refusal(database, user.email, "bukan sandinya")
    await pass_time(database, 16)

    again = await refusal(database, user.email, "bukan sandinya")
    await pass_time(database, 31)
    opened = await log_in(database, email=user.email, password=PASSWORD)

    assert (type(again), again.retry_after) == (LogInLocked, 30 * 60)
    assert opened.user_id == user.id


@pytest.mark.parametrize("how", ["reset", "set"])
async def test_a_new_password_lifts_the_lock(database: Database, make_user: MakeUser, how: str) -> None:
    user, other = await make_user(), await make_user()
    for locked in (user, other):
        for _ in range(5):
            await refusal(database, locked.email, "bukan sandinya")

    if how == "set":
        async with database.write(SYSTEM) as session:
            await set_password(session, user_id=user.id, password="gajah payung hijau", actor=SYSTEM)
    else:
        links = AccountLinks(b"an instance's secret of some length", "")
        token = links.make(LinkPurpose.RESET_PASSWORD, user, time.time()).partition("token=")[2]
        await reset_password(database, links, token=token, password="gajah payung hijau")

    opened = await log_in(database, email=user.email, password="gajah payung hijau")
    assert opened.user_id == user.id
    assert type(await refusal(database, other.email, PASSWORD)) is LogInLocked


async def test_strangers_do_not_lock_a_browser_out_on_which_one_signed_in(
    database: Database, make_user: MakeUser
) -> None:
    user, other = await make_user(), await make_user()
    browsers = KnownBrowsers(b"an instance's secret of some length")
    theirs, others = browsers.find(browsers.mark(user.id)), browsers.find(browsers.mark(other.id))
    for _ in range(5):
        await refusal(database, user.email, "bukan sandinya")

    opened = await log_in(database, email=user.email, password=PASSWORD, browser=theirs)

    assert opened.user_id == user.id
    assert type(await refusal(database, user.email, PASSWORD, others)) is LogInLocked
    refusals = [type(await refusal(database, user.email, "bukan sandinya", theirs)) for _ in range(5)]
    assert refusals == [WrongCredentials] * 4 + [LogInLocked]
    assert type(await refusal(database, user.email, PASSWORD, theirs)) is LogInLocked


async def test_a_mark_from_before_the_present_password_is_a_strangers(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()
    browsers = KnownBrowsers(b"an instance's secret of some length")
    mark = browsers.mark(user.id)
    old = KnownBrowser(user.id, since=0)
    for _ in range(5):
        await refusal(database, user.email, "bukan sandinya")

    assert type(await refusal(database, user.email, PASSWORD, old)) is LogInLocked
    elsewhere = KnownBrowsers(b"another instance's secret, as long")
    assert [elsewhere.find(mark), browsers.find(""), browsers.find("x.y")] == [None] * 3


async def test_the_right_password_clears_the_count(database: Database, make_user: MakeUser) -> None:
    user = await make_user()
    for _ in range(4):
        await refusal(database, user.email, "bukan sandinya")

    await log_in(database, email=user.email, password=PASSWORD)

    async with database.identity() as session:
        assert await session.scalar(select(func.count()).select_from(LogInGuard)) == 0


async def test_old_failures_are_forgotten(database: Database, make_user: MakeUser) -> None:
    user = await make_user()
    for _ in range(4):
        await refusal(database, user.email, "bukan sandinya")
    await pass_time(database, 25 * 60)

    assert type(await refusal(database, user.email, "bukan sandinya")) is WrongCredentials


async def test_guesses_made_at_the_same_moment_are_all_counted(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()
    guesses = [refusal(database, user.email, f"bukan sandinya {n}") for n in range(20)]

    refusals = await asyncio.gather(*guesses)

    kinds = sorted(type(error).__name__ for error in refusals)
    assert kinds == ["LogInLocked"] * 16 + ["WrongCredentials"] * 4
    async with database.identity() as session:
        assert await session.scalar(select(LogInGuard.failed_count)) == 5


async def test_log_ins_of_one_person_at_the_same_moment_all_succeed(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()

    opened = await asyncio.gather(*(log_in(database, email=user.email, password=PASSWORD) for _ in range(12)))

    assert len({one.token for one in opened}) == 12


async def test_a_disabled_person_is_refused_like_a_stranger(database: Database, make_user: MakeUser) -> None:
    user = await make_user()
    async with database.write(SYSTEM) as session:
        await set_active(session, user_id=user.id, is_active=False, actor=SYSTEM)

    assert type(await refusal(database, user.email, PASSWORD)) is WrongCredentials


@pytest.mark.real_hashes
async def test_an_outdated_hash_is_upgraded(database: Database, make_user: MakeUser) -> None:
    user = await make_user()
    old = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192),)).hash(PASSWORD)
    async with database.write(SYSTEM) as session:
        await session.execute(update(User).where(User.id == user.id).values(password_hash=old))

    await log_in(database, email=user.email, password=PASSWORD)

    async with database.identity() as session:
        stored = await session.scalar(select(User.password_hash).where(User.id == user.id))
    assert stored is not None
    assert stored != old
    assert stored.startswith("$argon2id$v=19$m=65536")


async def refusal(
    database: Database, email: str, password: str, browser: KnownBrowser | None = None
) -> WrongCredentials | LogInLocked:
    with pytest.raises((WrongCredentials, LogInLocked)) as refused:
        await log_in(database, email=email, password=password, browser=browser)
    return refused.value
