"""What a hash covers, and that it survives the way through the database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pesan.audit import GENESIS, NewEntry, record_many
from pesan.audit.entries import microseconds, private_digest
from pesan.audit.verify import verify
from pesan.db import Actor, Database
from pesan.kit.ids import new_id

AT = datetime(2026, 12, 5, 12, 30, 15, 123456, tzinfo=UTC)
ENTRY = NewEntry(
    subject_kind="order",
    subject_id=UUID("0193a1b2-0000-7000-8000-000000000001"),
    seq=1,
    prev_hash=GENESIS,
    action="order:hold:placed",
    actor=Actor.guest(ip_digest="abc"),
    at=AT,
    merchant_id=UUID("0193a1b2-0000-7000-8000-000000000002"),
    data={"to": "HOLD", "amount": 150_000},
)
# What jsonb keeps as it was: no NUL, no lone surrogate, integers of 64 bits.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
VALUES = st.dictionaries(TEXT, JSON, max_size=5)


@pytest.mark.parametrize(
    "change",
    [
        {"subject_kind": "ticket"},
        {"subject_id": new_id()},
        {"seq": 2},
        {"prev_hash": bytes([1]) * 32},
        {"action": "order:hold:expired"},
        {"actor": Actor.system("guest")},
        {"actor": Actor.guest(ip_digest="abd")},
        {"actor": Actor.staff(new_id(), frozenset(), ip_digest="abc")},
        {"at": AT + timedelta(microseconds=1)},
        {"merchant_id": None},
        {"data": {"to": "HOLD", "amount": 150_001}},
        {"reason": ""},
        {"before": {}},
        {"after": {}},
    ],
)
def test_hash_changes_with_every_part(change: dict[str, object]) -> None:
    assert replace(ENTRY, **change).hash != ENTRY.hash


def test_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert replace(ENTRY, data={"amount": 150_000, "to": "HOLD"}).hash == ENTRY.hash


def test_hash_is_the_same_in_every_zone() -> None:
    from zoneinfo import ZoneInfo

    assert replace(ENTRY, at=AT.astimezone(ZoneInfo("Asia/Jakarta"))).hash == ENTRY.hash


def test_hash_stays_what_it_was_in_the_first_release() -> None:
    assert ENTRY.hash.hex() == "6bca6b86a2eb306f3a4369a81833bba3799e284bf2223e7377a4ddf2e7f5c2d6"


def test_salt_hides_what_few_values_would_give_away() -> None:
    digests = {private_digest(salt, "Budi", None, None) for salt in (b"a" * 16, b"b" * 16)}

    assert len(digests) == 2


def test_entry_without_a_personal_part_has_no_digest() -> None:
    assert ENTRY.private_digest is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_exact(at: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(at)) == at


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(VALUES, st.none() | TEXT, st.none() | VALUES), min_size=1, max_size=20))
async def test_entry_of_any_content_verifies_after_the_database_had_it(database: Database, contents) -> None:
    entries = [
        replace(ENTRY, subject_kind="sample", subject_id=new_id(), data=data, reason=reason, before=before)
        for data, reason, before in contents
    ]
    async with database.write(Actor.system("test")) as session:
        await record_many(session, entries)

    async with database.read(Actor.system("test")) as session:
        assert await verify(session) == []
