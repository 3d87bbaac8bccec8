"""Each letter says what is true when it is written, and each is written once."""

import pytest

from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_buyer
from pesan.kit.ids import new_id
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_datetime
from pesan.notifications.letters import LetterFacts
from pesan.notifications.render import render
from pesan.notifications.states import ChannelName, Kind
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.tickets.tasks import fulfil_order
from tests.checkout.conftest import BASE_URL
from tests.payments.steps import BANK, add_method, choose
from tests.support.factories import SYSTEM

CONTACTS = {"email": "siti@contoh.id", "wa": "+6281234567890"}
STATES = {
    Kind.PROOF_RECEIVED: OrderState.REVIEW,
    Kind.TICKET_READY: OrderState.PAID,
    Kind.REJECTED: OrderState.REJECTED,
    Kind.EXPIRED: OrderState.HOLD,
}


@pytest.mark.parametrize("kind", STATES)
@pytest.mark.parametrize("locale", ["id", "en"])
async def test_letter_of_every_kind_has_its_facts(deps, make, execute, kind, locale):
    merchant = await make.merchant(name="Kopi Senja", accent="#7a4a21")
    execute("UPDATE merchants SET contact_email = 'halo@kopi.example'")
    event = await make.event(merchant)
    order = await make.order(
        event, state=STATES[kind], buyer_name="Siti Nurhaliza", locale=locale, **CONTACTS
    )
    if kind is Kind.TICKET_READY:
        await fulfil_order(deps, order.id)
    if kind is Kind.EXPIRED:
        execute("UPDATE orders SET state = 'EXPIRED', ended_at = now()")

    letter = await letter_composers(deps).of(kind).compose(order.id, kind)

    assert letter.facts == LetterFacts(
        buyer_name="Siti Nurhaliza",
        merchant_name="Kopi Senja",
        event_title="Malam Keroncong Kota Tua",
        when=format_datetime(event.starts_at, "Asia/Jakarta", locale),
        where="Taman Fatahillah, Jakarta",
        order_code=order.code,
        status_url=f"{BASE_URL}/b/{order.code}",
        again_url=f"{BASE_URL}/x/{event.slug}-{event.short_id}/book",
        ticket_count=1 if kind is Kind.TICKET_READY else 0,
        amount=format_rupiah(150_000),
        reason="Nominal tidak sesuai" if kind is Kind.REJECTED else "",
        accent="#7a4a21",
        on_accent="#ffffff",
    )
    assert (letter.kind, letter.locale, letter.reply_to) == (kind, locale, "halo@kopi.example")
    assert letter.addresses == {
        ChannelName.EMAIL: "siti@contoh.id",
        ChannelName.WHATSAPP: "+6281234567890",
    }
    papers = [f"tiket-{order.code}.pdf", f"acara-{order.code}.ics"] if kind is Kind.TICKET_READY else []
    assert [attachment.filename for attachment in letter.attachments] == papers
    assert render(letter).subject


async def test_letter_asks_for_the_exact_amount_once_a_method_is_chosen(deps, make, database):
    order = await make.order(**CONTACTS)
    payment = await choose(database, order, (await add_method(database, order.merchant_id, BANK)).id)
    await make.move(Move(OrderEvent.SUBMIT_PROOF, order.event_id, SYSTEM, order.id))

    letter = await letter_composers(deps).of(Kind.PROOF_RECEIVED).compose(order.id, Kind.PROOF_RECEIVED)

    assert letter.facts.amount == format_rupiah(payment.amount)


async def test_letter_of_a_free_order_names_no_amount(deps, make):
    order = await make.order(await make.event(price_amount=0), **CONTACTS)
    await fulfil_order(deps, order.id)

    letter = await letter_composers(deps).of(Kind.TICKET_READY).compose(order.id, Kind.TICKET_READY)

    assert letter.facts.amount == ""
    assert "Rp\N{NO-BREAK SPACE}" not in render(letter).text


@pytest.mark.parametrize("kind", [Kind.PROOF_RECEIVED, Kind.TICKET_READY, Kind.EXPIRED, Kind.EVENT_CANCELLED])
async def test_letter_about_an_order_that_moved_on_is_not_written(deps, make, kind):
    order = await make.order(state=OrderState.REJECTED, **CONTACTS)

    assert await letter_composers(deps).of(kind).compose(order.id, kind) is None


async def test_letter_about_an_order_that_is_gone_is_not_written(deps):
    assert await letter_composers(deps).of(Kind.REJECTED).compose(new_id(), Kind.REJECTED) is None


TOLD = {
    OrderEvent.SUBMIT_PROOF: (OrderState.REVIEW, Kind.PROOF_RECEIVED),
    OrderEvent.REJECT: (OrderState.REJECTED, Kind.REJECTED),
    OrderEvent.FULFIL: (OrderState.COMPLETED, Kind.TICKET_READY),
    OrderEvent.EXPIRE: (OrderState.HOLD, Kind.EXPIRED),
}


@pytest.mark.parametrize("event", TOLD)
async def test_buyer_is_told_of_each_move_once(deps, make, execute, event):
    state, kind = TOLD[event]
    order = await make.order(state=state, **CONTACTS)

    for _ in range(3):  # a job may run again
        await tell_buyer(deps, order.id, event.value)

    assert execute("SELECT kind FROM notifications WHERE order_id = %s", order.id) == [(kind.value,)]
    assert execute("SELECT channel, state FROM deliveries") == [("email", "queued")]
    assert execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'") == [
        (1,)
    ]


async def test_buyer_without_an_address_is_told_nothing(deps, make, execute):
    order = await make.order(state=OrderState.REJECTED)

    await tell_buyer(deps, order.id, OrderEvent.REJECT.value)

    assert execute("SELECT count(*) FROM notifications") == [(0,)]


async def test_gate_enqueues_the_telling_of_exactly_these_moves(make, execute):
    """Along the whole way of an order, and of one that is rejected."""
    for state in (OrderState.COMPLETED, OrderState.REJECTED):
        await make.order(state=state, **CONTACTS)

    jobs = execute(
        "SELECT args->>'event' FROM procrastinate_jobs WHERE task_name = 'checkout.tell_buyer' ORDER BY id"
    )
    assert [event for (event,) in jobs] == ["submit_proof", "fulfil", "submit_proof", "reject"]
