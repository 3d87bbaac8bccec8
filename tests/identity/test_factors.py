"""The second factor: its codes work once, tries are counted, and nothing goes past it."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pyotp
import pytest
from sqlalchemy import func, select, text

from pesan.audit.models import AuditEntry
from pesan.db import Database
from pesan.identity.errors import FactorLocked, FactorOn, NoFactor, StepOver, WrongCode
from pesan.identity.factors.codes import CodeSecrets, find_step, recovery_digest
from pesan.identity.factors.models import CodeGenerator, RecoveryCode
from pesan.identity.factors.queries import find_pending, has_factor
from pesan.identity.factors.service import (
    TurnedOn,
    confirm_generator,
    pass_second_step,
    remove_generator,
    start_generator,
)
from pesan.identity.links import AccountLinks
from pesan.identity.models import User
from pesan.identity.policies import SignedIn
from pesan.identity.queries import find_program, find_session
from pesan.identity.service import (
    NewSession,
    change_password,
    log_in,
    reset_password,
    set_membership,
    set_platform_role,
)
from pesan.identity.states import LinkPurpose, MerchantRole, PlatformRole, SessionKind
from pesan.tenancy.models import Merchant
from tests.identity.conftest import PASSWORD, SYSTEM

MakeUser = Callable[..., Awaitable[User]]
SECRETS = CodeSecrets(b"an instance's secret of some length")


def next_code(secret: str) -> str:
    """The code of the step to come: it was not used yet, and stays near enough however slow the machine is."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30)


async def person_of(database: Database, opened: NewSession) -> SignedIn | None:
    async with database.identity() as session:
        return await find_session(session, opened.token)


async def turn_on(database: Database, user: User) -> tuple[str, TurnedOn]:
    person = await person_of(database, await log_in(database, email=user.email, password=PASSWORD))
    assert person is not None
    async with database.identity() as session:
        secret = await start_generator(session, person, SECRETS)
    code = pyotp.TOTP(secret).now()
    turned_on = await confirm_generator(database, person, SECRETS, code=code, ip_digest=None, user_agent=None)
    return secret, turned_on


async def vouch(database: Database, user: User, merchant: Merchant, how: str) -> None:
    """Let the address be verified, or somebody give the person a role."""
    async with database.write(SYSTEM) as session:
        if how == "verified":
            (await session.get_one(User, user.id)).email_verified_at = func.clock_timestamp()
        elif how == "staff":
            role = MerchantRole.STAFF
            await set_membership(session, user_id=user.id, merchant_id=merchant.id, role=role, actor=SYSTEM)
        elif how == "admin":
            await set_platform_role(session, user_id=user.id, role=PlatformRole.ADMIN, actor=SYSTEM)


@pytest.fixture
async def guarded(database: Database, make_user: MakeUser) -> tuple[User, str, TurnedOn]:
    user = await make_user()
    return user, *await turn_on(database, user)


async def waiting(database: Database, user: User) -> str:
    opened = await log_in(database, email=user.email, password=PASSWORD)
    assert opened.is_waiting
    return opened.token


async def step(database: Database, token: str, code: str) -> NewSession | type[Exception]:
    try:
        return await pass_second_step(database, SECRETS, token=token, code=code)
    except (WrongCode, FactorLocked, StepOver) as refusal:
        return type(refusal)


def test_a_code_fits_one_step_off_and_no_further() -> None:
    secret, now = pyotp.random_base32(), 1_800_000_000.0
    codes = {off: pyotp.TOTP(secret).at(int(now) + 30 * off) for off in range(-3, 4)}

    fits = {off: find_step(secret, code, now, after=0) is not None for off, code in codes.items()}

    assert fits == {off: abs(off) <= 1 for off in range(-3, 4)}


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345", "0x1234"])
def test_what_is_no_code_fits_nothing(code: str) -> None:
    assert find_step(pyotp.random_base32(), code, time.time(), after=0) is None


async def test_turning_it_on_rotates_the_session_and_gives_codes(
    database: Database, make_user: MakeUser
) -> None:
    user = await make_user()
    before = await log_in(database, email=user.email, password=PASSWORD)

    secret, turned_on = await turn_on(database, user)

    assert await person_of(database, before) is None
    person = await person_of(database, turned_on.opened)
    assert person is not None
    assert (person.user_id, person.is_strong, len(set(turned_on.recovery_codes))) == (user.id, True, 10)
    async with database.identity() as session:
        row = await session.get_one(CodeGenerator, user.id)
        digests = set(await session.scalars(select(RecoveryCode.code_digest)))
    assert secret.encode() not in row.secret_sealed
    assert digests == {recovery_digest(user.id, code) for code in turned_on.recovery_codes}


async def test_a_right_password_alone_opens_nothing(database: Database, guarded) -> None:
    user, _, _ = guarded

    opened = await log_in(database, email=user.email, password=PASSWORD)
    program = await log_in(database, email=user.email, password=PASSWORD, kind=SessionKind.API)

    assert [opened.is_waiting, program.is_waiting] == [True, True]
    assert await person_of(database, opened) is None
    async with database.identity() as session:
        assert await find_program(session, program.session_id) is None


async def test_a_code_works_once(database: Database, web_database: Database, guarded) -> None:
    user, secret, _ = guarded
    code = next_code(secret)

    first = await step(database, await waiting(database, user), code)
    again = await step(web_database, await waiting(database, user), code)

    assert isinstance(first, NewSession)
    person = await person_of(database, first)
    assert person is not None
    assert (person.user_id, person.is_strong, again) == (user.id, True, WrongCode)


async def test_a_code_sent_many_times_at_once_works_once(database: Database, guarded) -> None:
    user, secret, _ = guarded
    code = next_code(secret)
    tokens = [await waiting(database, user) for _ in range(4)]

    outcomes = await asyncio.gather(*(step(database, token, code) for token in tokens))

    assert sum(isinstance(outcome, NewSession) for outcome in outcomes) == 1
    assert outcomes.count(WrongCode) == 3


async def test_a_waiting_log_in_is_finished_once(database: Database, guarded) -> None:
    user, secret, turned_on = guarded
    token = await waiting(database, user)
    await step(database, token, next_code(secret))

    assert await step(database, token, turned_on.recovery_codes[0]) is StepOver
    assert await step(database, "x" * 43, next_code(secret)) is StepOver


async def test_five_wrong_codes_lock_the_factor_for_the_right_one_too(database: Database, guarded) -> None:
    user, secret, turned_on = guarded
    token = await waiting(database, user)

    outcomes = [await step(database, token, "000000") for _ in range(5)]
    right = [await step(database, token, code) for code in (next_code(secret), turned_on.recovery_codes[0])]

    assert outcomes == [WrongCode] * 4 + [FactorLocked]
    assert right == [FactorLocked] * 2
    async with database.identity() as session:
        used = select(func.count()).where(RecoveryCode.used_at.is_not(None))
        assert await session.scalar(used) == 0
        await session.execute(
            text("UPDATE code_generators SET locked_until = clock_timestamp() - interval '1 second'")
        )
    assert isinstance(await step(database, token, next_code(secret)), NewSession)


async def test_tries_made_at_the_same_moment_are_all_counted(database: Database, guarded) -> None:
    user, _, _ = guarded
    token = await waiting(database, user)

    outcomes = await asyncio.gather(*(step(database, token, f"{n:06}") for n in range(12)))

    assert (outcomes.count(WrongCode), outcomes.count(FactorLocked)) == (4, 8)


async def test_a_recovery_code_works_once_however_it_is_typed(database: Database, guarded) -> None:
    user, _, turned_on = guarded
    code = turned_on.recovery_codes[3]

    first = await step(database, await waiting(database, user), f" {code.lower().replace('-', ' ')} ")
    again = await step(database, await waiting(database, user), code)

    assert (isinstance(first, NewSession), again) == (True, WrongCode)
    async with database.read(SYSTEM) as session:
        actions = (await session.scalars(select(AuditEntry.action))).all()
    assert actions.count("user:recovery_code:used") == 1


async def test_another_persons_codes_do_not_fit(database: Database, make_user: MakeUser, guarded) -> None:
    user, _, _ = guarded
    other_secret, other = await turn_on(database, await make_user())
    token = await waiting(database, user)

    codes = (next_code(other_secret), other.recovery_codes[0])

    assert [await step(database, token, code) for code in codes] == [WrongCode] * 2


@pytest.mark.parametrize("is_vouched_for", ["verified", "staff", "admin", ""])
async def test_a_reset_goes_past_a_second_factor_only_where_nobody_vouched_for_the_account(
    database: Database, merchant: Merchant, guarded, is_vouched_for: str
) -> None:
    user, _, _ = guarded
    await vouch(database, user, merchant, is_vouched_for)
    links = AccountLinks(b"an instance's secret of some length", "")
    async with database.read(SYSTEM) as session:
        url = links.make(LinkPurpose.RESET_PASSWORD, await session.get_one(User, user.id), time.time())

    await reset_password(database, links, token=url.partition("token=")[2], password="gajah payung hijau")

    opened = await log_in(database, email=user.email, password="gajah payung hijau")
    assert opened.is_waiting == bool(is_vouched_for)
    async with database.read(SYSTEM) as session:
        actions = (await session.scalars(select(AuditEntry.action))).all()
    assert actions.count("user:factors:cleared") == (0 if is_vouched_for else 1)
    async with database.identity() as session:
        codes = await session.scalar(select(func.count()).select_from(RecoveryCode))
    assert codes == (10 if is_vouched_for else 0)


async def test_it_is_turned_off_by_a_code_only(database: Database, guarded) -> None:
    user, secret, turned_on = guarded
    person = await person_of(database, turned_on.opened)
    assert person is not None

    with pytest.raises(WrongCode):
        await remove_generator(database, person, SECRETS, code="000000")
    elsewhere = await step(database, await waiting(database, user), turned_on.recovery_codes[0])
    assert isinstance(elsewhere, NewSession)
    assert [person.is_strong, (await person_of(database, elsewhere)) is None] == [True, False]
    await remove_generator(database, person, SECRETS, code=next_code(secret))

    assert not (await log_in(database, email=user.email, password=PASSWORD)).is_waiting
    async with database.identity() as session:
        assert await session.scalar(select(func.count()).select_from(RecoveryCode)) == 0
    person = await person_of(database, turned_on.opened)
    assert person is not None
    assert (person.is_strong, await person_of(database, elsewhere)) == (False, None)
    with pytest.raises(NoFactor):
        await remove_generator(database, person, SECRETS, code=next_code(secret))


async def test_an_app_cannot_be_replaced_without_turning_it_off(database: Database, guarded) -> None:
    _, secret, turned_on = guarded
    person = await person_of(database, turned_on.opened)
    assert person is not None

    with pytest.raises(FactorOn):
        async with database.identity() as session:
            await start_generator(session, person, SECRETS)
    with pytest.raises(FactorOn):
        code = next_code(secret)
        await confirm_generator(database, person, SECRETS, code=code, ip_digest=None, user_agent=None)


@pytest.mark.parametrize("what", ["another session", "begun anew", "too late", "new password"])
async def test_an_app_is_finished_by_the_session_that_began_it_and_soon(
    database: Database, make_user: MakeUser, what: str
) -> None:
    user = await make_user()
    planter, owner = [await log_in(database, email=user.email, password=PASSWORD) for _ in range(2)]
    person, other = await person_of(database, planter), await person_of(database, owner)
    assert person is not None
    assert other is not None
    async with database.identity() as session:
        secret = await start_generator(session, person, SECRETS)
    if what == "begun anew":
        async with database.identity() as session:
            assert await start_generator(session, person, SECRETS) != secret
    elif what == "too late":
        async with database.identity() as session:
            await session.execute(
                text("UPDATE code_generators SET started_at = started_at - interval '1 hour'")
            )
    elif what == "new password":
        await change_password(database, person, current=PASSWORD, new="gajah payung hijau")
    asking = other if what == "another session" else person

    with pytest.raises(WrongCode if what == "begun anew" else NoFactor):
        code = pyotp.TOTP(secret).now()
        await confirm_generator(database, asking, SECRETS, code=code, ip_digest=None, user_agent=None)

    async with database.identity() as session:
        shown = await find_pending(session, asking)
        assert (shown is not None, await has_factor(session, user.id)) == (what == "begun anew", False)
        # Only the new password takes what was begun away; a stranger to it changes nothing.
        kept = await session.scalar(select(func.count()).select_from(CodeGenerator))
        assert kept == (0 if what == "new password" else 1)


async def test_a_sealed_secret_opens_for_its_person_and_instance_only(make_user: MakeUser) -> None:
    user, other = await make_user(), await make_user()
    sealed = SECRETS.seal("SECRET", user.id)
    elsewhere = CodeSecrets(b"another instance's secret, as long")

    found = (SECRETS.find(sealed, user.id), SECRETS.find(sealed, other.id), elsewhere.find(sealed, user.id))

    assert found == ("SECRET", None, None)


async def test_after_a_change_of_the_instances_secret_recovery_codes_still_work(
    database: Database, guarded
) -> None:
    user, secret, turned_on = guarded
    changed = CodeSecrets(b"the secret that came after, as long")
    token = await waiting(database, user)

    with pytest.raises(WrongCode):
        await pass_second_step(database, changed, token=token, code=next_code(secret))
    opened = await pass_second_step(database, changed, token=token, code=turned_on.recovery_codes[0])

    assert opened.user_id == user.id


async def test_a_merchant_that_asks_for_it_gives_roles_to_strong_sessions_only(
    database: Database, merchant, make_user: MakeUser
) -> None:
    user = await make_user()
    async with database.write(SYSTEM) as session:
        await set_membership(
            session, user_id=user.id, merchant_id=merchant.id, role=MerchantRole.STAFF, actor=SYSTEM
        )
        await session.execute(text("UPDATE merchants SET needs_second_factor = true"))
    weak = await person_of(database, await log_in(database, email=user.email, password=PASSWORD))
    _, turned_on = await turn_on(database, user)
    strong = await person_of(database, turned_on.opened)

    assert weak is not None
    assert strong is not None
    assert (weak.roles, weak.lacks_factor, weak.role) == ({}, True, "customer")
    assert (strong.roles, strong.lacks_factor) == ({merchant.id: MerchantRole.STAFF}, False)


async def test_a_merchant_that_asks_for_it_asks_administrators_too(
    database: Database, merchant, make_user: MakeUser
) -> None:
    admin = await make_user(platform_role=PlatformRole.ADMIN)
    opened = await log_in(database, email=admin.email, password=PASSWORD)
    before = await person_of(database, opened)
    async with database.write(SYSTEM) as session:
        await session.execute(text("UPDATE merchants SET needs_second_factor = true"))
    weak = await person_of(database, opened)
    _, turned_on = await turn_on(database, admin)
    strong = await person_of(database, turned_on.opened)

    found = [(who.platform_role, who.lacks_factor) for who in (before, weak, strong) if who]
    assert found == [(PlatformRole.ADMIN, False), (None, True), (PlatformRole.ADMIN, False)]
