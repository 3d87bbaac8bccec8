"""Sessions end when they should, and roles are those of the moment."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import URL, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pesan.db import Actor, Database
from pesan.identity.access_tokens import AccessTokens
from pesan.identity.changes import PASSWORD_CHANGED
from pesan.identity.errors import EmailTaken, UnknownSession, UnknownUser, WeakPassword, WrongCredentials
from pesan.identity.models import Membership, Session, User
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_session
from pesan.identity.service import (
    NewSession,
    change_password,
    create_user,
    end_session,
    log_in,
    log_out_everywhere,
    set_active,
    set_membership,
    set_password,
    set_platform_role,
)
from pesan.identity.sessions import UserSessions
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.identity.team.queries import list_team
from pesan.kit.ids import new_id
from pesan.tenancy.models import Merchant
from tests.identity.conftest import PASSWORD, SYSTEM
from tests.support.queries import CountQueries

MakeUser = Callable[..., Awaitable[User]]


@pytest.fixture
async def opened(database: Database, make_user: MakeUser) -> NewSession:
    user = await make_user(email="siti@kopi.example")
    return await log_in(database, email=user.email, password=PASSWORD)


async def who(database: Database, opened: NewSession) -> SignedIn | None:
    async with database.identity() as session:
        return await find_session(session, opened.token)


async def age(owner: AsyncEngine, column: str, interval: str) -> None:
    """Move a time into the past, which is what waiting does to it."""
    async with owner.begin() as connection:
        await connection.execute(text(f"UPDATE sessions SET {column} = {column} - interval '{interval}'"))


@pytest.fixture
async def owner(database_url: URL) -> AsyncIterator[AsyncEngine]:
    """The database as its owner, for what no role of the application may do."""
    engine = create_async_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize(("interval", "lives"), [("11 hours 59 minutes", True), ("12 hours 1 second", False)])
async def test_session_that_was_idle(
    database: Database, owner: AsyncEngine, opened: NewSession, interval: str, lives: bool
) -> None:
    await age(owner, "last_seen_at", interval)

    assert (await who(database, opened) is not None) is lives


@pytest.mark.parametrize(("remaining", "lives"), [("1 minute", True), ("0 minutes", False)])
async def test_session_at_the_end_of_its_life(
    database: Database, owner: AsyncEngine, opened: NewSession, remaining: str, lives: bool
) -> None:
    async with owner.begin() as connection:
        await connection.execute(
            text(f"UPDATE sessions SET expires_at = clock_timestamp() + interval '{remaining}'")
        )

    assert (await who(database, opened) is not None) is lives


async def test_session_lives_seven_days_at_most(database: Database, opened: NewSession) -> None:
    async with database.identity() as session:
        row = await session.get_one(Session, opened.session_id)

    assert round((row.expires_at - row.created_at).total_seconds() / 3600) == 7 * 24


async def test_unknown_token_opens_nothing(database: Database, opened: NewSession) -> None:
    async with database.identity() as session:
        assert await find_session(session, "x" * 43) is None


async def test_log_out_ends_that_session_only(database: Database, opened: NewSession) -> None:
    other = await log_in(database, email="siti@kopi.example", password=PASSWORD)

    async with database.identity() as session:
        await end_session(session, user_id=opened.user_id, session_id=opened.session_id, actor=SYSTEM)

    assert await who(database, opened) is None
    assert await who(database, other) is not None


async def test_somebody_elses_session_cannot_be_ended(
    database: Database, opened: NewSession, make_user: MakeUser
) -> None:
    stranger = await make_user()

    with pytest.raises(UnknownSession):
        async with database.identity() as session:
            await end_session(
                session, user_id=stranger.id, session_id=opened.session_id, actor=Actor.user(stranger.id)
            )

    assert await who(database, opened) is not None


async def test_log_out_everywhere_ends_every_session(database: Database, opened: NewSession) -> None:
    other = await log_in(database, email="siti@kopi.example", password=PASSWORD)

    async with database.identity() as session:
        await log_out_everywhere(session, user_id=opened.user_id, actor=Actor.user(opened.user_id))

    assert [await who(database, one) for one in (opened, other)] == [None, None]


async def test_changed_password_ends_the_other_sessions(database: Database, opened: NewSession) -> None:
    other = await log_in(database, email="siti@kopi.example", password=PASSWORD)
    person = await who(database, opened)
    assert person is not None

    await change_password(database, person, current=PASSWORD, new="gajah payung hijau")

    assert await who(database, opened) is not None
    assert await who(database, other) is None
    async with database.read(Actor.system("tests")) as session:
        letters = await session.scalars(text("SELECT args ->> 'change' FROM procrastinate_jobs"))
        assert letters.all() == [PASSWORD_CHANGED]
    with pytest.raises(WrongCredentials):
        await log_in(database, email="siti@kopi.example", password=PASSWORD)
    await log_in(database, email="siti@kopi.example", password="gajah payung hijau")


@pytest.mark.parametrize(
    ("current", "new", "error"),
    [("salah sekali", "gajah payung hijau", WrongCredentials), (PASSWORD, "password123", WeakPassword)],
)
async def test_refused_password_change_changes_nothing(
    database: Database, opened: NewSession, current: str, new: str, error: type[Exception]
) -> None:
    other = await log_in(database, email="siti@kopi.example", password=PASSWORD)
    person = await who(database, opened)
    assert person is not None

    with pytest.raises(error):
        await change_password(database, person, current=current, new=new)

    assert await who(database, other) is not None
    await log_in(database, email="siti@kopi.example", password=PASSWORD)


async def test_password_set_by_somebody_else_ends_every_session(
    database: Database, opened: NewSession
) -> None:
    async with database.write(SYSTEM) as session:
        await set_password(session, user_id=opened.user_id, password="gajah payung hijau", actor=SYSTEM)

    assert await who(database, opened) is None


async def test_disabled_person_is_out_at_once(database: Database, opened: NewSession) -> None:
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE users SET is_active = false"))

    assert await who(database, opened) is None


async def test_role_given_counts_after_signing_in_again(
    database: Database, opened: NewSession, merchant: Merchant
) -> None:
    async with database.write(SYSTEM) as session:
        await set_membership(
            session, user_id=opened.user_id, merchant_id=merchant.id, role=MerchantRole.STAFF, actor=SYSTEM
        )
    again = await log_in(database, email="siti@kopi.example", password=PASSWORD)

    person = await who(database, again)

    assert await who(database, opened) is None
    assert person is not None
    assert person.roles == {merchant.id: MerchantRole.STAFF}


async def test_role_taken_away_is_gone_at_once(
    database: Database, opened: NewSession, merchant: Merchant
) -> None:
    membership = Membership(user_id=opened.user_id, merchant_id=merchant.id, role=MerchantRole.ORGANIZER)
    async with database.write(SYSTEM) as session:
        session.add(membership)
    person = await who(database, opened)
    async with database.write(SYSTEM) as session:
        await session.delete(await session.get_one(Membership, (opened.user_id, merchant.id)))

    after = await who(database, opened)

    assert person is not None
    assert after is not None
    assert (person.roles, after.roles) == ({merchant.id: MerchantRole.ORGANIZER}, {})


async def test_changing_a_role_twice_leaves_the_last(
    database: Database, make_user: MakeUser, merchant: Merchant
) -> None:
    user = await make_user(name="Andi Wijaya", email="andi@kopi.example")
    async with database.write(SYSTEM) as session:
        for role in (MerchantRole.STAFF, MerchantRole.ORGANIZER):
            await set_membership(session, user_id=user.id, merchant_id=merchant.id, role=role, actor=SYSTEM)

    async with database.identity() as session:
        members = await list_team(session, merchant.id)

    assert [(member.name, member.role) for member in members] == [("Andi Wijaya", MerchantRole.ORGANIZER)]


async def test_platform_role_sees_every_merchant(database: Database, opened: NewSession) -> None:
    async with database.write(SYSTEM) as session:
        await set_platform_role(session, user_id=opened.user_id, role=PlatformRole.ADMIN, actor=SYSTEM)
    again = await log_in(database, email="siti@kopi.example", password=PASSWORD)

    person = await who(database, again)

    assert person is not None
    assert person.to_actor().is_platform_admin is True


async def test_use_is_noted_now_and_then(database: Database, owner: AsyncEngine, opened: NewSession) -> None:
    sessions = UserSessions(database, AccessTokens(b"s" * 32))
    async with database.identity() as session:
        first = await session.scalar(select(Session.last_seen_at))
    await sessions.find(opened.token)
    async with database.identity() as session:
        soon = await session.scalar(select(Session.last_seen_at))
    await age(owner, "last_seen_at", "6 minutes")
    await sessions.find(opened.token)
    async with database.identity() as session:
        later = await session.scalar(select(Session.last_seen_at))

    assert first == soon
    assert first is not None
    assert later is not None
    assert later >= first


async def test_find_session_is_one_statement(
    database: Database, opened: NewSession, count_queries: CountQueries
) -> None:
    async with database.identity() as session:
        with count_queries() as statements:
            await find_session(session, opened.token)

    assert len(statements) == 1


async def test_email_of_another_user_is_refused(database: Database, make_user: MakeUser) -> None:
    await make_user(email="siti@kopi.example")

    with pytest.raises(EmailTaken):
        await make_user(email="Siti@Kopi.example")


async def test_user_who_breaks_another_rule_is_not_said_to_have_a_taken_email(
    database: Database, make_user: MakeUser
) -> None:
    with pytest.raises(IntegrityError):
        await make_user(platform_role="king")

    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(User))).all() == []


async def test_weak_password_makes_no_user(database: Database) -> None:
    with pytest.raises(WeakPassword):
        async with database.write(SYSTEM) as session:
            await create_user(
                session, email="a@kopi.example", name="Ani", password="password123", actor=SYSTEM
            )

    async with database.read(SYSTEM) as session:
        assert (await session.scalars(select(User))).all() == []


async def test_unknown_user_cannot_be_changed(database: Database) -> None:
    with pytest.raises(UnknownUser):
        async with database.write(SYSTEM) as session:
            await set_active(session, user_id=new_id(), is_active=False, actor=SYSTEM)


@pytest.mark.parametrize("table", ["sessions", "log_in_guards"])
async def test_requests_cannot_read_credentials(
    web_database: Database, opened: NewSession, table: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with web_database.read(
            Actor.staff(opened.user_id, frozenset(), is_platform_admin=True)
        ) as session:
            await session.execute(text(f"SELECT * FROM {table}"))


async def test_requests_cannot_read_password_hashes(web_database: Database, opened: NewSession) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with web_database.read(
            Actor.staff(opened.user_id, frozenset(), is_platform_admin=True)
        ) as session:
            await session.execute(select(User.password_hash))


async def test_staff_see_the_names_of_their_own_merchants_people(
    database: Database, web_database: Database, make_user: MakeUser, merchant: Merchant
) -> None:
    ours = [await make_user(name=name) for name in ("Ani Lestari", "Budi Hartono")]
    stranger = await make_user(name="Cici Stranger")
    async with database.write(SYSTEM) as session:
        for user in ours:
            await set_membership(
                session, user_id=user.id, merchant_id=merchant.id, role=MerchantRole.STAFF, actor=SYSTEM
            )

    async def names(actor: Actor) -> list[str]:
        async with web_database.read(actor) as session:
            return sorted((await session.scalars(select(User.name))).all())

    assert await names(Actor.staff(ours[0].id, frozenset({merchant.id}))) == ["Ani Lestari", "Budi Hartono"]
    assert await names(Actor.staff(stranger.id, frozenset())) == ["Cici Stranger"]
    assert await names(Actor.guest()) == []
    assert len(await names(Actor.staff(stranger.id, frozenset(), is_platform_admin=True))) == 3
