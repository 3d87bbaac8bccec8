"""Lock-outs grow and end; passwords that everybody tries first are refused."""

from datetime import timedelta
from uuid import uuid4

import pytest

from pesan.db import ActorKind
from pesan.identity.errors import WeakPassword
from pesan.identity.passwords import check_new_password, hash_password, verify_password
from pesan.identity.policies import SignedIn, may_export, may_manage, may_operate, may_review
from pesan.identity.states import LONGEST_FACTOR_LOCK, MerchantRole, PlatformRole, lock_after


@pytest.mark.parametrize(
    ("failed", "minutes"),
    [(0, None), (1, None), (4, None), (5, 15), (6, 30), (7, 60), (8, 120), (12, 1440), (10_000, 1440)],
)
def test_lock_after_wrong_tries_in_a_row(failed: int, minutes: int | None) -> None:
    assert lock_after(failed, LONGEST_FACTOR_LOCK) == (timedelta(minutes=minutes) if minutes else None)
    assert lock_after(failed) == (timedelta(minutes=min(minutes, 60)) if minutes else None)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "ninechars",
        "password",
        "Password2026!",
        "1234567890",
        "bismillah2026",
        "aaaaaaaaaaaa",
        "siti.rahma99",
        "rahmawati2026",
        "x" * 129,
    ],
)
def test_new_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_new_password(password, "siti.rahma@kopi.example", "Rahmawati")


@pytest.mark.parametrize("password", ["kuda sepeda awan", "tR4mpil-senja", "ayam goreng 7 potong"])
def test_new_password_that_is_hard_to_guess_is_accepted(password: str) -> None:
    check_new_password(password, "siti.rahma@kopi.example", "Siti Rahma")


@pytest.mark.real_hashes
async def test_password_hash_is_argon2id_and_fits_only_its_password() -> None:
    stored = await hash_password("kuda sepeda awan")

    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await verify_password("kuda sepeda awan", stored) == (True, None)
    assert await verify_password("kuda sepeda awas", stored) == (False, None)


@pytest.mark.real_hashes
async def test_password_of_nobody_never_fits() -> None:
    assert await verify_password("nobody's password", None) == (False, None)


async def test_password_typed_on_another_keyboard_fits() -> None:
    stored = await hash_password("caf\u00e9 sepeda")

    assert await verify_password("cafe\u0301 sepeda", stored) == (True, None)


def person(platform: PlatformRole | None = None, **roles: MerchantRole) -> SignedIn:
    return SignedIn(
        session_id=uuid4(),
        user_id=uuid4(),
        name="Siti",
        email="siti@kopi.example",
        platform_role=platform,
        roles={MERCHANTS[name]: role for name, role in roles.items()},
        is_due_for_touch=False,
    )


MERCHANTS = {"ours": uuid4(), "theirs": uuid4()}


@pytest.mark.parametrize(
    ("who", "reviews", "manages"),
    [
        (person(), set(), set()),
        (person(ours=MerchantRole.STAFF), {"ours"}, set()),
        (person(ours=MerchantRole.ORGANIZER), {"ours"}, {"ours"}),
        (person(ours=MerchantRole.STAFF, theirs=MerchantRole.ORGANIZER), {"ours", "theirs"}, {"theirs"}),
        (person(PlatformRole.ADMIN), {"ours", "theirs"}, {"ours", "theirs"}),
        (person(PlatformRole.SUPER_ADMIN), {"ours", "theirs"}, {"ours", "theirs"}),
    ],
)
def test_policies_by_role(who: SignedIn, reviews: set[str], manages: set[str]) -> None:
    assert {name for name, merchant in MERCHANTS.items() if may_review(who, merchant)} == reviews
    assert {name for name, merchant in MERCHANTS.items() if may_manage(who, merchant)} == manages
    assert {name for name, merchant in MERCHANTS.items() if may_export(who, merchant)} == manages
    assert may_operate(who) == (who.platform_role is not None)


def test_actor_of_a_person_carries_their_merchants() -> None:
    who = person(ours=MerchantRole.STAFF)

    actor = who.to_actor(ip_digest="abc")

    assert (actor.kind, actor.user_id, actor.merchant_ids, actor.is_platform_admin, actor.ip_digest) == (
        ActorKind.STAFF,
        who.user_id,
        frozenset({MERCHANTS["ours"]}),
        False,
        "abc",
    )
