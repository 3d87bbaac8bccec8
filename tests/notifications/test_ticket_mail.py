"""From a paid order to the mail in the buyer's box, by the jobs and the SMTP that make the real one."""

import io

import icalendar
import pypdf
import pytest

from pesan.checkout.letters import letter_composers
from pesan.checkout.tasks import tell_buyer
from pesan.db import Actor, Database
from pesan.kit.registry import Registry
from pesan.messaging.smtp import SmtpMailer, parse_smtp_url
from pesan.notifications.channels import Channels, EmailChannel
from pesan.notifications.letters import Composers
from pesan.notifications.queries import list_deliveries
from pesan.notifications.tasks import deliver
from pesan.orders.desk import SaleDesk
from pesan.orders.moves import LineWish, Move, SeatWish, TypeWish
from pesan.orders.states import OrderEvent, OrderState
from pesan.realtime import Hub
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.storage.objects import open_folder
from pesan.tickets.keystore import DatabaseKeyStore, KeyStore
from pesan.tickets.queries import list_tickets
from pesan.tickets.tasks import fulfil_order

SYSTEM = Actor.system("tests")


@pytest.fixture
def deps(database, mailbox, settings, tmp_path) -> Registry:
    """A whole worker, with mail going to `mailbox` and links to a name of its own."""
    registry = Registry()
    registry.add(Database, database)
    registry.add(SaleDesk, SaleDesk(database, Hub()))
    registry.add(Settings, settings.model_copy(update={"base_url": "https://tiket.example"}))
    registry.add(Storage, open_folder(tmp_path))
    registry.add(KeyStore, DatabaseKeyStore(database, b"s" * 32))
    mailer = SmtpMailer(parse_smtp_url(mailbox.url), timeout=5)
    registry.add(Channels, Channels([EmailChannel(mailer, "Pesan <no-reply@pesan.example>")]))
    registry.add(Composers, letter_composers(registry))
    return registry


async def _tell(deps, order, event):
    await tell_buyer(deps, order.id, event.value)
    async with deps[Database].read(SYSTEM) as session:
        for _, delivery in await list_deliveries(session, order.id):
            await deliver(deps, delivery.id)


async def test_ticket_mail_carries_the_tickets_and_an_entry_for_the_calendar(deps, database, make, mailbox):
    event = await make.event(max_per_order=2)
    order = await make.order(
        event, state=OrderState.PAID, quantity=2, email="siti@contoh.example", buyer_name="Siti Aminah"
    )
    await fulfil_order(deps, order.id)
    await _tell(deps, order, OrderEvent.FULFIL)

    (message,) = mailbox.messages
    async with database.read(SYSTEM) as session:
        tickets = await list_tickets(session, order.id)
    pdf, ics = message.iter_attachments()
    assert message["To"] == "siti@contoh.example"
    assert message["Subject"] == "Tiketmu siap: Malam Keroncong Kota Tua"
    assert (pdf.get_filename(), pdf.get_content_type()) == (f"tiket-{order.code}.pdf", "application/pdf")
    assert (ics.get_content_type(), ics.get_param("method")) == ("text/calendar", "PUBLISH")
    pages = pypdf.PdfReader(io.BytesIO(pdf.get_content())).pages
    assert ["Siti Aminah" in page.extract_text() for page in pages] == [True, True]
    (entry,) = icalendar.Calendar.from_ical(ics.get_content()).walk("VEVENT")
    assert (entry["DTSTART"].dt, entry["SUMMARY"]) == (event.starts_at.replace(microsecond=0), event.title)
    assert len(tickets) == 2
    assert f"https://tiket.example/b/{order.code}" in message.get_body(["plain"]).get_content()


async def test_rejected_buyer_is_told_why_and_where_to_start_again(deps, make, mailbox):
    order = await make.order(state=OrderState.REJECTED, email="siti@contoh.example", locale="en")
    await _tell(deps, order, OrderEvent.REJECT)

    (message,) = mailbox.messages
    text = message.get_body(["plain"]).get_content()
    assert message["Subject"] == "We could not accept your payment: Malam Keroncong Kota Tua"
    assert "Reason: Nominal tidak sesuai" in text
    assert "https://tiket.example/x/" in text
    assert list(message.iter_attachments()) == []


async def test_buyer_without_an_address_is_told_nothing(deps, make, mailbox):
    order = await make.order(state=OrderState.REJECTED)
    await _tell(deps, order, OrderEvent.REJECT)

    assert mailbox.messages == []


async def test_mail_names_ticket_types_and_seats(deps, database, make, mailbox):
    event = await make.event(max_per_order=5)
    regular = await make.ticket_type(event, name="Reguler")
    seated = await make.ticket_type(event, name="VIP", is_seated=True)
    seats = await make.seats(seated, 3, section="Tribun A")
    lines = (
        LineWish(2, TypeWish(regular.id, regular.pool_id)),
        LineWish(
            2,
            TypeWish(seated.id, seated.pool_id),
            tuple(SeatWish(seat.id, seat.pool_id) for seat in seats[:2]),
        ),
    )
    order = await make.order(event, lines=lines, state=OrderState.REVIEW, email="siti@contoh.example")
    await _tell(deps, order, OrderEvent.SUBMIT_PROOF)
    await make.move(Move(OrderEvent.APPROVE, event.id, SYSTEM, order.id))
    await fulfil_order(deps, order.id)
    await _tell(deps, order, OrderEvent.FULFIL)

    named = "Tiket: 2 × Reguler, 2 × VIP (Tribun A 1-1, Tribun A 1-2)"
    found = [message.get_body(["plain"]).get_content() for message in mailbox.messages]
    assert [named in text for text in found] == [True, True]
