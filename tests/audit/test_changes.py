"""What changed is kept with who changed it: before and after, in the part that can be erased."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from pesan.audit import changed_values
from pesan.audit.verify import verify
from pesan.backoffice.forms.brand import BrandForm
from pesan.backoffice.service import set_logo, update_brand
from pesan.identity.service import set_membership, set_platform_role
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.payments.service import update_method
from tests.support.factories import SYSTEM

ONE_ID = UUID("0199a0c0-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("0.300"), "0.3"),
        (Decimal(1000), "1000"),
        (datetime(2026, 12, 5, 19, tzinfo=timezone(timedelta(hours=7))), "2026-12-05T12:00:00+00:00"),
        (ONE_ID, str(ONE_ID)),
        ([ONE_ID], [str(ONE_ID)]),
        (150_000, 150_000),
        (True, True),
        ("Senja", "Senja"),
    ],
)
def test_changed_values_are_json_without_fractions(value, kept):
    assert changed_values({"name": None}, {"name": value}) == ({"name": None}, {"name": kept})


def test_changed_values_leave_out_what_stayed():
    before = {"title": "Senja", "ratio": Decimal("0.30"), "city": "Bandung"}
    after = {"title": "Fajar", "ratio": Decimal("0.3"), "city": "Bandung"}

    assert changed_values(before, after) == ({"title": "Senja"}, {"title": "Fajar"})


@pytest.fixture
def last_change(database):
    """Before and after of the last entry of an action; the chains hold."""

    async def read(action):
        query = (
            "SELECT p.before, p.after FROM audit_entries e JOIN audit_private p USING (subject_id, seq)"
            " WHERE e.action = :action ORDER BY e.at DESC LIMIT 1"
        )
        async with database.read(SYSTEM) as session:
            assert await verify(session) == []
            return tuple((await session.execute(text(query), {"action": action})).one())

    return read


async def test_change_of_a_payment_method_keeps_both(database, make, last_change):
    method = await make.method(await make.merchant(), display_name="Transfer BCA")
    async with database.write(SYSTEM) as session:
        await update_method(session, method.id, display_name="BCA", is_active=False, actor=SYSTEM)

    assert await last_change("merchant:payment_method:changed") == (
        {"display_name": "Transfer BCA", "is_active": True},
        {"display_name": "BCA", "is_active": False},
    )


async def test_change_of_a_brand_keeps_both(database, make, last_change):
    merchant = await make.merchant(name="Ruang Senja", accent="#7a4a21")
    form = BrandForm(
        name="Ruang Fajar", accent="#7a4a21", zone=merchant.zone, contact_email=None, contact_wa=None
    )
    async with database.write(SYSTEM) as session:
        await update_brand(session, merchant.id, form=form, actor=SYSTEM)
        await set_logo(session, merchant.id, object_key="logo/1/logo.png", actor=SYSTEM)

    assert await last_change("merchant:brand:changed") == ({"name": "Ruang Senja"}, {"name": "Ruang Fajar"})
    assert await last_change("merchant:brand:logo_changed") == (
        {"logo_key": None},
        {"logo_key": "logo/1/logo.png"},
    )


async def test_change_of_rights_keeps_both(database, make, last_change):
    merchant = await make.merchant()
    user = await make.user(merchant, MerchantRole.STAFF)
    for role in (MerchantRole.ORGANIZER, None):
        async with database.write(SYSTEM) as session:
            await set_membership(session, user_id=user.id, merchant_id=merchant.id, role=role, actor=SYSTEM)
    async with database.write(SYSTEM) as session:
        await set_platform_role(session, user_id=user.id, role=PlatformRole.ADMIN, actor=SYSTEM)

    assert await last_change("user:membership:changed") == ({"role": "organizer"}, {"role": None})
    assert await last_change("user:platform_role:changed") == ({"role": None}, {"role": "admin"})
