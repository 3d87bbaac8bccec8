"""The accounts that a merchant takes money on."""

import pytest
from sqlalchemy import select

from pesan.audit.models import AuditEntry
from pesan.db import Actor, Database
from pesan.payments import banks, qris
from pesan.payments.errors import MethodInvalid, MethodNotFound, QrisInvalid
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import get_method, list_methods
from pesan.payments.service import MethodDraft, create_method, make_instructions, update_method
from pesan.payments.states import MethodKind
from tests.payments.steps import BANK, QRIS, STATIC_QRIS, add_method, choose
from tests.support.factories import SYSTEM, Make

DYNAMIC_QRIS = qris.serialise(qris.to_dynamic(qris.parse(STATIC_QRIS), 5_000))


async def test_bank_account_is_kept_as_digits(make: Make, database: Database) -> None:
    merchant = await make.merchant()

    method = await add_method(database, merchant.id, account_no="123-456.7890 ")

    assert (method.display_name, method.bank_name, method.account_no, method.account_key) == (
        "BCA",
        "BCA",
        "1234567890",
        "bank:014:1234567890",
    )


async def test_qris_is_kept_normalised(make: Make, database: Database) -> None:
    merchant = await make.merchant()

    method = await add_method(
        database, merchant.id, QRIS, qris_payload=f" {STATIC_QRIS[:-4]}{STATIC_QRIS[-4:].lower()}\n"
    )

    assert (method.qris_payload, method.account_key) == (STATIC_QRIS, "qris:ID1099900000001")


@pytest.mark.parametrize(
    "draft",
    [
        MethodDraft(MethodKind.BANK, bank_name="", account_no="12345678", account_holder="Budi"),
        MethodDraft(MethodKind.BANK, bank_name="BCA", account_no="1234", account_holder="Budi"),
        MethodDraft(MethodKind.BANK, bank_name="BCA", account_no="12345abc", account_holder="Budi"),
        MethodDraft(MethodKind.BANK, bank_name="BCA", account_no="１２３４５６７８", account_holder="Budi"),
        MethodDraft(MethodKind.BANK, bank_name="BCA", account_no="12345678", account_holder=" "),
    ],
)
def test_incomplete_bank_account_is_refused(draft: MethodDraft) -> None:
    with pytest.raises(MethodInvalid):
        draft.columns()


@pytest.mark.parametrize("payload", ["", "halo", STATIC_QRIS[:-1], DYNAMIC_QRIS])
def test_qris_that_is_not_the_merchants_static_code_is_refused(payload: str) -> None:
    with pytest.raises(QrisInvalid):
        MethodDraft(MethodKind.QRIS, qris_payload=payload).columns()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("BCA", "014"),
        ("bca", "014"),
        ("Bank BCA", "014"),
        ("PT Bank Central Asia Tbk", "014"),
        ("Bank Mandiri", "008"),
        ("Bank Jago", "542"),
        ("Jago", "542"),
        ("Bank Kita Semua", "KITASEMUA"),
        ("Bank", "BANK"),
    ],
)
def test_one_bank_has_one_name(name: str, code: str) -> None:
    assert banks.account_key(name, "12345678") == f"bank:{code}:12345678"


async def test_method_is_renamed_moved_and_switched_off_on_the_record(
    make: Make, web_database: Database
) -> None:
    merchant = await make.merchant()
    actor = Actor.staff(merchant.id, frozenset({merchant.id}))
    async with web_database.write(actor) as session:
        method = await create_method(session, merchant_id=merchant.id, draft=BANK, actor=actor)

    async with web_database.write(actor) as session:
        await update_method(
            session, method.id, display_name="BCA utama", is_active=False, position=3, actor=actor
        )

    async with web_database.read(actor) as session:
        found = await get_method(session, method.id)
        actions = await session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject_id == method.id).order_by(AuditEntry.seq)
        )
        assert (found.display_name, found.is_active, found.position) == ("BCA utama", False, 3)
        assert actions.all() == ["merchant:payment_method:created", "merchant:payment_method:changed"]


async def test_staff_of_another_merchant_cannot_touch_a_method(
    make: Make, database: Database, web_database: Database
) -> None:
    method = await add_method(database, (await make.merchant()).id)
    other = await make.merchant()
    stranger = Actor.staff(other.id, frozenset({other.id}))

    with pytest.raises(MethodNotFound):
        async with web_database.write(stranger) as session:
            await update_method(session, method.id, is_active=False, actor=stranger)
    with pytest.raises(Exception, match="row-level security"):
        async with web_database.write(stranger) as session:
            await create_method(session, merchant_id=method.merchant_id, draft=BANK, actor=stranger)

    async with database.read(SYSTEM) as session:
        assert [found.is_active for found in await list_methods(session, method.merchant_id)] == [True]


async def test_guest_sees_active_methods_and_the_one_they_were_told_to_use(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    active = await add_method(database, order.merchant_id, position=1)
    used = await add_method(database, order.merchant_id, account_no="99999999", position=2)
    off = await add_method(database, order.merchant_id, account_no="88888888", position=3)
    await choose(web_database, order, used.id)
    async with database.write(SYSTEM) as session:
        for method in (used, off):
            await update_method(session, method.id, is_active=False, actor=SYSTEM)

    seen = {}
    for name, actor in {"buyer": Actor.guest(order.code), "anybody": Actor.guest()}.items():
        async with web_database.read(actor) as session:
            seen[name] = [method.id for method in await list_methods(session, order.merchant_id)]

    assert seen == {"buyer": [active.id, used.id], "anybody": [active.id]}


async def test_nobody_sees_no_method(make: Make, database: Database, web_database: Database) -> None:
    await add_method(database, (await make.merchant()).id)

    async with web_database.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL ROLE pesan_request")
        rows = (await connection.execute(select(PaymentMethod.id))).all()

    assert rows == []


async def test_bank_instructions_say_where_and_how_much(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id)
    payment = await choose(web_database, order, method.id)

    instructions = make_instructions(payment, method, order_code=order.code)

    assert instructions.bank is not None
    assert instructions.qris is None
    assert (instructions.bank.bank_name, instructions.bank.account_no, instructions.bank.account_holder) == (
        "BCA",
        "1234567890",
        "Sanggar Keroncong",
    )
    assert instructions.amount == 150_000 + int(instructions.unique_code or "0")
    assert len(instructions.unique_code or "") == 3


async def test_qris_instructions_carry_the_amount_the_code_and_the_static_fallback(
    make: Make, database: Database, web_database: Database
) -> None:
    order = await make.order()
    method = await add_method(database, order.merchant_id, QRIS)
    payment = await choose(web_database, order, method.id)

    found = make_instructions(payment, method, order_code=order.code).qris

    assert found is not None
    code = qris.parse(found.payload)
    assert (code.get("01"), code.get("54"), code.get("62")) == (
        "12",
        str(payment.amount),
        f"0113{order.code}",
    )
    assert found.static_payload == STATIC_QRIS
    assert (found.merchant_name, found.nmid) == ("KOPI CONTOH JAYA", "ID1099900000001")
    assert found.svg.startswith("<svg")
    assert found.svg != found.static_svg
