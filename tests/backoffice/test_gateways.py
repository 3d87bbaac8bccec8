"""Accounts at payment providers: typed once, never shown, and nobody else's to touch."""

from sqlalchemy import select

from pesan.orders.models import Order
from pesan.payments.gateways.attempts import commit_attempt
from pesan.payments.gateways.base import RemotePayment, RemoteState
from pesan.payments.gateways.models import GatewayAccount
from pesan.payments.gateways.settle import note
from pesan.payments.models import Payment, PaymentMethod
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

SECRET = "rahasia-sekali-1"
FORM = {"provider": "sandbox", "webhook_secret": SECRET}


async def accounts(team: Team) -> list[GatewayAccount]:
    async with team.database.read(SYSTEM) as session:
        return list((await session.scalars(select(GatewayAccount).order_by(GatewayAccount.created_at))).all())


async def test_account_is_added_rotated_and_switched_off(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/gateways"

    added = await browser.submit(page, page, FORM)
    (account,) = await accounts(team)
    rotated = await browser.submit(page, f"{page}/{account.id}/secrets", {"webhook_secret": "baru-2"})
    hidden = await browser.submit(page, f"{page}/{account.id}/active", {"is_active": "false"})
    shown = await browser.get(page)

    assert [answer.status_code for answer in (added, rotated, hidden)] == [303, 303, 303]
    assert (account.provider, account.is_live, account.merchant_id) == ("sandbox", False, team.merchant.id)
    assert [one.is_active for one in await accounts(team)] == [False]
    assert (SECRET in shown.text, "baru-2" in shown.text) == (False, False)
    assert f"/v1/payments/webhook/sandbox/{account.id}" in shown.text
    async with team.database.read(SYSTEM) as session:
        method = (await session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "gateway"))).one()
    assert (method.gateway_account_id, method.is_active) == (account.id, False)


async def test_account_without_its_secret_is_refused(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/gateways"

    answer = await browser.submit(page, page, {"provider": "midtrans", "server_key": " "})

    assert (answer.status_code, "server_key" in answer.text) == (422, True)
    assert await accounts(team) == []


async def test_only_organizers_of_the_merchant_touch_its_accounts(team: Team) -> None:
    organizer = await team.sign_in("organizer")
    page = f"{team.path}/gateways"
    await organizer.submit(page, page, FORM)
    (account,) = await accounts(team)

    answers = []
    for role in ("staff", "stranger"):
        browser = await team.sign_in(role)
        for path, fields in (
            (page, FORM),
            (f"{page}/{account.id}/secrets", {"webhook_secret": "curian"}),
            (f"{page}/{account.id}/active", {"is_active": "false"}),
            (f"/organizer/{team.other.slug}/gateways/{account.id}/secrets", {"webhook_secret": "curian"}),
        ):
            answers.append(await browser.submit("/account", path, fields))

    assert [answer.status_code for answer in answers if answer.status_code not in (403, 404)] == []
    (after,) = await accounts(team)
    assert (after.audit_seq, after.is_active) == (account.audit_seq, True)


async def test_money_that_needs_a_look_is_listed_until_somebody_says_what_was_done(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/gateways"
    await browser.submit(page, page, FORM)
    order = await team.make.order(team.event)
    payment = await flagged_payment(team, order)

    listed = await browser.get(page)
    unsaid = await browser.submit(page, f"{page}/payments/{payment.id}", {"reason": " "})
    said = await browser.submit(page, f"{page}/payments/{payment.id}", {"reason": "Dikembalikan di dasbor"})
    again = await browser.get(page)

    assert (order.code in listed.text, order.code in again.text) == (True, False)
    assert (unsaid.status_code, said.status_code) == (422, 303)


async def flagged_payment(team: Team, order: Order) -> Payment:
    """A payment of this order whose provider took too little."""
    (account,) = await accounts(team)
    async with team.database.read(SYSTEM) as session:
        method = (await session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "gateway"))).one()
    async with team.database.sale() as session:
        attempt = await commit_attempt(session, order_id=order.id, method=method, actor=SYSTEM)
    payment = attempt.payment
    assert payment.reference is not None
    told = RemotePayment(
        reference=payment.reference, provider_ref="p-1", state=RemoteState.PAID, amount=1_000, currency="IDR"
    )
    async with team.database.write(SYSTEM) as session:
        await note(session, account, told)
    return payment
