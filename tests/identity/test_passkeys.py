"""Passkeys: an answer counts once, for its person, its site and its attempt; a key that counts back is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select, text

from pesan.audit.models import AuditEntry
from pesan.db import Database
from pesan.identity.errors import (
    NoFactor,
    PasskeyRefused,
    StepOver,
    TooManyPasskeys,
    UnknownPasskey,
    WrongCode,
)
from pesan.identity.factors.ceremonies import RelyingParty
from pesan.identity.factors.models import Passkey, PasskeyChallenge, RecoveryCode
from pesan.identity.factors.passkeys import (
    MOST_PASSKEYS,
    add_passkey,
    ask_at_step,
    ask_to_add,
    ask_to_confirm,
    ask_to_log_in,
    log_in_by_passkey,
    pass_by_passkey,
    remove_passkey,
    rename_passkey,
)
from pesan.identity.factors.service import pass_second_step, remove_lost_factors
from pesan.identity.factors.turning_on import TurnedOn
from pesan.identity.models import User
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_session
from pesan.identity.service import NewSession, log_in, set_active, set_membership
from pesan.identity.states import MerchantRole
from pesan.identity.tasks import purge
from pesan.identity.team.queries import list_team
from tests.identity.conftest import PASSWORD, SYSTEM
from tests.identity.test_factors import SECRETS
from tests.support.authenticator import SoftKey

MakeUser = Callable[..., Awaitable[User]]
HERE = RelyingParty.of("https://pesan.example")
NOBODY = {"ip_digest": None, "user_agent": None}


@dataclass
class Holder:
    """Somebody with a passkey on a key of their own."""

    database: Database
    user: User
    person: SignedIn
    key: SoftKey = field(default_factory=lambda: SoftKey(HERE.origin))
    recovery: list[str] = field(default_factory=list)

    async def add(self, key: SoftKey) -> TurnedOn | None:
        """Make a passkey on `key`; go on as the session that this leads to."""
        async with self.database.identity() as session:
            question = await ask_to_add(session, HERE, self.person)
        turned_on = await add_passkey(
            self.database, HERE, self.person, name="Ponsel", answer=key.make(question), **NOBODY
        )
        if turned_on:
            self.person = await person_of(self.database, turned_on.opened)
            self.recovery = turned_on.recovery_codes
        return turned_on

    async def wait(self) -> str:
        """Give the password; the token of the log-in that waits."""
        opened = await log_in(self.database, email=self.user.email, password=PASSWORD)
        assert opened.is_waiting
        return opened.token

    async def ask(self, token: str) -> str:
        """What the second step wants signed."""
        async with self.database.identity() as session:
            return await ask_at_step(session, HERE, token)


async def person_of(database: Database, opened: NewSession) -> SignedIn:
    async with database.identity() as session:
        person = await find_session(session, opened.token)
    assert person is not None
    return person


async def step(database: Database, token: str, answer: str) -> NewSession | type[Exception]:
    try:
        return await pass_by_passkey(database, HERE, token=token, answer=answer)
    except (PasskeyRefused, StepOver) as refusal:
        return type(refusal)


async def facts(database: Database) -> list[tuple]:
    """What no refusal may change: the passkeys, and who is signed in."""
    async with database.identity() as session:
        keys = select(Passkey.credential_id, Passkey.sign_count, Passkey.name).order_by(Passkey.id)
        strong = text("SELECT count(*) FROM sessions WHERE is_strong AND revoked_at IS NULL")
        return [*map(tuple, await session.execute(keys)), (await session.scalar(strong),)]


async def verify_everybody(database: Database) -> None:
    async with database.identity() as session:
        await session.execute(text("UPDATE users SET email_verified_at = clock_timestamp()"))


async def actions(database: Database) -> list[str]:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(AuditEntry.action)))


@pytest.fixture
async def make_holder(database: Database, make_user: MakeUser) -> Callable[[], Awaitable[Holder]]:
    async def make() -> Holder:
        user = await make_user()
        opened = await log_in(database, email=user.email, password=PASSWORD)
        return Holder(database, user, await person_of(database, opened))

    return make


@pytest.fixture
async def holder(make_holder) -> Holder:
    found = await make_holder()
    await found.add(found.key)
    return found


@pytest.mark.parametrize(
    ("address", "name", "origin"),
    [
        ("https://Pesan.Example:443/", "pesan.example", "https://pesan.example"),
        ("https://pesan.example:8443", "pesan.example", "https://pesan.example:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
        ("http://pesan.example", "", None),
        ("https://192.0.2.7", "", None),
        ("", "", None),
    ],
)
def test_passkeys_are_bound_to_the_base_url(address: str, name: str, origin: str | None) -> None:
    relying = RelyingParty.of(address)

    assert relying.id == name
    assert origin is None or relying.origin == origin


async def test_the_first_one_gives_codes_and_a_strong_session(database: Database, make_holder) -> None:
    holder = await make_holder()
    before = holder.person

    turned_on = await holder.add(holder.key)
    again = await holder.add(SoftKey(HERE.origin))

    assert turned_on is not None
    assert (len(set(turned_on.recovery_codes)), again) == (10, None)
    assert (before.is_strong, holder.person.is_strong) == (False, True)
    assert await step(database, await holder.wait(), "{}") is PasskeyRefused


async def test_it_passes_the_second_step_once(database: Database, holder: Holder) -> None:
    token, other = await holder.wait(), await holder.wait()
    answer = holder.key.sign(await holder.ask(token))

    elsewhere = await step(database, other, answer)
    opened = await step(database, token, answer)
    again = [await step(database, one, answer) for one in (token, other)]

    assert isinstance(opened, NewSession)
    person = await person_of(database, opened)
    assert (person.user_id, person.is_strong) == (holder.user.id, True)
    assert (elsewhere, again) == (PasskeyRefused, [StepOver, PasskeyRefused])
    assert (await facts(database))[0][1] == 1


async def test_what_does_not_fit_is_refused_and_uses_the_question_up(
    database: Database, holder: Holder, make_holder
) -> None:
    other = await make_holder()
    await other.add(other.key)
    before = await facts(database)
    phished, unverified = SoftKey("https://pesan.example.evil"), SoftKey(HERE.origin, is_verified=False)
    for copy in (phished, unverified):
        copy.credential_id, copy.private, copy.handle = holder.key.credential_id, holder.key.private, b""
    token = await holder.wait()

    for key in (phished, unverified, other.key, SoftKey(HERE.origin)):
        question = await holder.ask(token)
        assert await step(database, token, key.sign(question)) is PasskeyRefused
        assert await step(database, token, holder.key.sign(question)) is PasskeyRefused

    assert await facts(database) == before
    assert isinstance(await step(database, token, holder.key.sign(await holder.ask(token))), NewSession)


async def test_a_key_that_counts_back_is_refused_and_noted(database: Database, holder: Holder) -> None:
    holder.key.count = 7
    token = await holder.wait()
    assert isinstance(await step(database, token, holder.key.sign(await holder.ask(token))), NewSession)
    before = await facts(database)

    for count in (7, 3, -1):  # signs as its eighth time again, as its fourth, and as one that does not count
        holder.key.count = count
        token = await holder.wait()
        assert await step(database, token, holder.key.sign(await holder.ask(token))) is PasskeyRefused

    assert await facts(database) == before
    assert (await actions(database)).count("user:passkey:copied") == 3


async def test_an_old_question_is_over_and_purged(database: Database, holder: Holder) -> None:
    token = await holder.wait()
    answer = holder.key.sign(await holder.ask(token))
    async with database.identity() as session:
        await session.execute(text("UPDATE passkey_challenges SET expires_at = clock_timestamp()"))

    assert await step(database, token, answer) is PasskeyRefused
    await holder.ask(token)
    async with database.identity() as session:
        await session.execute(text("UPDATE passkey_challenges SET expires_at = clock_timestamp()"))
    async with database.write(SYSTEM) as session:
        await purge(session)
        assert await session.scalar(select(func.count()).select_from(PasskeyChallenge)) == 0


async def test_it_signs_in_without_a_password_where_it_was_asked(
    database: Database, make_holder, holder: Holder
) -> None:
    async def try_as(visitor: str, answer: str) -> NewSession | type[Exception]:
        try:
            return await log_in_by_passkey(database, HERE, visitor=visitor, answer=answer)
        except PasskeyRefused as refusal:
            return type(refusal)

    async def ask() -> str:
        async with database.identity() as session:
            return await ask_to_log_in(session, HERE, "visitor")

    early = await try_as("visitor", holder.key.sign(await ask()))
    await verify_everybody(database)
    still = await try_as("visitor", holder.key.sign(await ask()))
    holder = await make_holder()
    await verify_everybody(database)
    await holder.add(holder.key)
    answer = holder.key.sign(await ask())
    elsewhere = await try_as("another", answer)
    opened = await try_as("visitor", answer)
    again = await try_as("visitor", answer)
    stranger = await try_as("visitor", SoftKey(HERE.origin).sign(await ask()))
    async with database.write(SYSTEM) as session:
        await set_active(session, user_id=holder.user.id, is_active=False, actor=SYSTEM)
    disabled = await try_as("visitor", holder.key.sign(await ask()))

    assert isinstance(opened, NewSession)
    assert [early, still, elsewhere, again, stranger, disabled] == [PasskeyRefused] * 6


async def test_a_new_one_answers_its_own_question(database: Database, holder: Holder) -> None:
    before = await facts(database)
    async with database.identity() as session:
        confirming = await ask_to_confirm(session, HERE, holder.person)
        question = await ask_to_add(session, HERE, holder.person)
    evil = SoftKey("https://pesan.example.evil").make(question)

    for answer in (evil, SoftKey(HERE.origin).make(question), holder.key.sign(confirming), "[" * 20_000):
        with pytest.raises(PasskeyRefused):
            await add_passkey(database, HERE, holder.person, name="Ponsel", answer=answer, **NOBODY)
    with pytest.raises(PasskeyRefused):
        await holder.add(holder.key)  # known already

    assert await facts(database) == before


async def test_there_are_only_so_many(database: Database, holder: Holder) -> None:
    for _ in range(MOST_PASSKEYS - 1):
        await holder.add(SoftKey(HERE.origin))

    with pytest.raises(TooManyPasskeys):
        await holder.add(SoftKey(HERE.origin))


async def test_another_persons_is_neither_renamed_nor_removed(
    database: Database, holder: Holder, make_holder
) -> None:
    other = await make_holder()
    await other.add(other.key)
    before = await facts(database)
    async with database.identity() as session:
        theirs = await session.scalar(select(Passkey.id).where(Passkey.user_id == other.user.id))
    assert theirs is not None

    with pytest.raises(UnknownPasskey):
        async with database.identity() as session:
            await rename_passkey(session, holder.person, passkey_id=theirs, name="Milikku")
    with pytest.raises(UnknownPasskey):
        await remove_passkey(
            database, HERE, holder.person, SECRETS, passkey_id=theirs, code=holder.recovery[0]
        )

    assert await facts(database) == before


async def test_the_last_one_goes_with_its_recovery_codes(database: Database, holder: Holder) -> None:
    spare = SoftKey(HERE.origin)
    await holder.add(spare)
    async with database.identity() as session:
        first, second = await session.scalars(select(Passkey.id).order_by(Passkey.id))
        question = await ask_to_confirm(session, HERE, holder.person)

    with pytest.raises(WrongCode):
        await remove_passkey(database, HERE, holder.person, SECRETS, passkey_id=first, code="000000")
    await remove_passkey(
        database, HERE, holder.person, SECRETS, passkey_id=first, answer=spare.sign(question)
    )
    token = await holder.wait()
    assert await step(database, token, holder.key.sign(await holder.ask(token))) is PasskeyRefused
    await remove_passkey(database, HERE, holder.person, SECRETS, passkey_id=second, code=holder.recovery[0])

    async with database.identity() as session:
        assert await session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    assert not (await log_in(database, email=holder.user.email, password=PASSWORD)).is_waiting


async def test_a_recovery_code_stands_in_for_a_lost_key(database: Database, holder: Holder) -> None:
    code, token = holder.recovery[0], await holder.wait()

    with pytest.raises(WrongCode):
        await pass_second_step(database, SECRETS, token=token, code="000000")
    opened = await pass_second_step(database, SECRETS, token=token, code=code)

    assert (await person_of(database, opened)).is_strong
    with pytest.raises(WrongCode):
        await pass_second_step(database, SECRETS, token=await holder.wait(), code=code)


async def test_lost_factors_are_taken_away_on_record(database: Database, holder: Holder) -> None:
    async with database.write(SYSTEM) as session:
        await remove_lost_factors(session, user_id=holder.user.id, actor=SYSTEM)

    assert await facts(database) == [(0,)]
    assert (await actions(database)).count("user:factors:cleared") == 1
    assert not (await log_in(database, email=holder.user.email, password=PASSWORD)).is_waiting
    with pytest.raises(NoFactor):
        async with database.write(SYSTEM) as session:
            await remove_lost_factors(session, user_id=holder.user.id, actor=SYSTEM)


async def test_the_team_shows_who_has_one(database: Database, merchant, holder: Holder, make_user) -> None:
    for user in (holder.user, await make_user()):
        async with database.write(SYSTEM) as session:
            await set_membership(
                session, user_id=user.id, merchant_id=merchant.id, role=MerchantRole.STAFF, actor=SYSTEM
            )

    async with database.identity() as session:
        members = await list_team(session, merchant.id)

    assert [(member.email, member.has_factor) for member in members] == [
        (holder.user.email, True),
        (members[1].email, False),
    ]
