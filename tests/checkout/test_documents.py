"""The papers say what the booking says."""

import io

import icalendar
import pypdf
import pytest

from pesan.checkout.documents import calendar_of, certificate_pdf, read_papers, summary_pdf, ticket_pdf
from pesan.checkout.errors import CertificateNotReady
from pesan.orders.states import OrderState
from pesan.storage import Storage
from pesan.storage.errors import StorageUnavailable
from pesan.storage.keys import Kind, new_folder
from pesan.storage.objects import ObjectStorage
from pesan.tickets.tasks import fulfil_order
from tests.checkout.conftest import BASE_URL
from tests.payments.steps import BANK, add_method, approve, choose, send_proof, take_in_vain
from tests.storage.files import encoded, picture
from tests.support.database import offenders
from tests.support.factories import SYSTEM


def texts(pdf: bytes) -> list[str]:
    """Each page in words, line breaks aside."""
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


@pytest.fixture
async def papers_of(database):
    async def read(order):
        async with database.read(SYSTEM) as session:
            return await read_papers(session, order)

    return read


@pytest.fixture
async def completed(deps, make, fresh):
    """Two tickets of Asep's."""
    event = await make.event(max_per_order=2, address="Jl. Pintu Besar 1")
    order = await make.order(
        event,
        state=OrderState.PAID,
        quantity=2,
        buyer_name="Asep Budiawar",
        wa="+6281234567890",
        email="asep@contoh.id",
    )
    await fulfil_order(deps, order.id)
    return await fresh(order)


async def test_ticket_pdf_has_a_page_for_each_ticket(deps, completed, papers_of):
    papers = await papers_of(completed)

    pages = texts(await ticket_pdf(papers, deps[Storage]))

    assert len(pages) == len(papers.tickets) == 2
    for page, ticket in zip(pages, papers.tickets, strict=True):
        shown = page.replace(" ", "").replace("-", "")
        assert (ticket.code in shown, completed.code[-4:] in shown, completed.code in shown) == (
            True,
            True,
            False,
        )
        assert [word for word in ("Asep Budiawar", "Malam Keroncong Kota Tua") if word not in page] == []


async def test_ticket_pdf_is_made_though_the_logo_cannot_be_had(completed, papers_of, execute):
    key = f"{new_folder(Kind.LOGO)}/logo.png"
    execute("UPDATE merchants SET logo_key = %s", key)

    pages = texts(await ticket_pdf(await papers_of(completed), Away()))

    assert len(pages) == 2


async def test_ticket_pdf_carries_the_logo(deps, completed, papers_of, execute):
    key = f"{new_folder(Kind.LOGO)}/logo.png"
    plain = await ticket_pdf(await papers_of(completed), deps[Storage])
    await deps[Storage].put(key, encoded(picture(90, 70), "PNG"), "image/png")
    execute("UPDATE merchants SET logo_key = %s", key)

    branded = await ticket_pdf(await papers_of(completed), deps[Storage])

    assert images(branded) - images(plain) == 2


def images(pdf: bytes) -> int:
    return sum(len(page.images) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


class Away(ObjectStorage):
    """A store that answers nothing."""

    def __init__(self) -> None:
        super().__init__(None)

    async def get(self, key: str) -> bytes:
        raise StorageUnavailable


async def test_summary_says_what_was_paid_and_how(deps, make, database, papers_of, fresh):
    order = await make.order(buyer_name="Siti Nurhaliza", wa="+6281234567890", locale="id")
    method = await add_method(database, order.merchant_id, BANK)
    payment = await choose(database, order, method.id)
    await send_proof(make, order)
    await approve(make, order)
    papers = await papers_of(await fresh(order))

    (page,) = texts(await summary_pdf(papers, deps[Storage], base_url=BASE_URL, state=OrderState.PAID))

    amount = f"{payment.amount:,}".replace(",", ".")
    wanted = (
        "Siti Nurhaliza",
        "Lunas",
        "BCA",
        "150.000",
        amount,
        "0812-3456-7890",
        "Malam Keroncong Kota Tua",
    )
    assert [word for word in wanted if word not in page] == []
    assert order.code in page.replace(" ", "").replace("-", "")


async def test_money_that_came_beside_what_was_asked_for_is_on_no_paper(make, database, papers_of, fresh):
    order = await make.order()
    method = await add_method(database, order.merchant_id, BANK)
    await take_in_vain(database, order, 50_000)
    payment = await choose(database, order, method.id)
    await send_proof(make, order)

    waiting = await papers_of(await fresh(order))
    await approve(make, order)
    paid = await papers_of(await fresh(order))

    assert [papers.payment.id for papers in (waiting, paid)] == [payment.id] * 2
    assert await offenders(database) == []


async def test_summary_speaks_the_buyers_language(deps, make, papers_of):
    order = await make.order(locale="en")

    (page,) = texts(
        await summary_pdf(await papers_of(order), deps[Storage], base_url=BASE_URL, state=OrderState.HOLD)
    )

    assert "Waiting for payment" in page
    assert "Menunggu" not in page


async def test_certificate_names_each_holder_and_the_day_of_the_event(deps, completed, papers_of, execute):
    execute("UPDATE events SET starts_at = '2026-03-01 12:00Z', ends_at = '2026-03-01 15:00Z'")

    pages = texts(await certificate_pdf(await papers_of(completed), deps[Storage]))

    assert ["Asep Budiawar" in page for page in pages] == [True, True]
    assert ["1 Maret 2026" in page for page in pages] == [True, True]


async def test_certificate_is_refused_before_the_event_is_over(deps, completed, papers_of):
    with pytest.raises(CertificateNotReady):
        await certificate_pdf(await papers_of(completed), deps[Storage])


async def test_void_tickets_are_on_no_paper(deps, completed, papers_of, execute):
    first = (await papers_of(completed)).tickets[0]
    execute("UPDATE tickets SET state = 'void', voided_at = now() WHERE id <> %s", first.id)

    papers = await papers_of(completed)

    assert [ticket.id for ticket in papers.tickets] == [first.id]
    assert len(texts(await ticket_pdf(papers, deps[Storage]))) == 1


async def test_calendar_entry_leads_back_to_the_booking(completed, papers_of):
    papers = await papers_of(completed)

    (entry,) = icalendar.Calendar.from_ical(calendar_of(papers, base_url=BASE_URL)).walk("VEVENT")

    assert str(entry["UID"]) == f"{completed.id}@pesan"
    assert str(entry["SUMMARY"]) == "Malam Keroncong Kota Tua"
    assert str(entry["LOCATION"]) == "Taman Fatahillah, Jl. Pintu Besar 1, Jakarta"
    assert str(entry["URL"]) == f"{BASE_URL}/b/{completed.code}"
    assert entry["DTSTART"].dt == papers.event.starts_at.replace(microsecond=0)


async def test_calendar_entry_of_a_cancelled_event_says_so(completed, papers_of, execute):
    execute("UPDATE events SET status = 'cancelled'")

    (entry,) = icalendar.Calendar.from_ical(calendar_of(await papers_of(completed), base_url=BASE_URL)).walk(
        "VEVENT"
    )

    assert str(entry["STATUS"]) == "CANCELLED"
