"""An organizer's tickets and promo codes: typed as Indonesians type, refused with a mend, never below what is sold."""

from typing import Any

import pytest
from sqlalchemy import select

from pesan.backoffice.forms.offers import PromoForm, TicketTypeForm
from pesan.backoffice.forms.state import read_form
from pesan.catalog.models import PromoCode, TicketType
from pesan.catalog.offers import Offer, list_offers, list_seats
from pesan.orders.moves import LineWish, PromoWish, TypeWish
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

TYPED = {
    "name": "VIP",
    "price_amount": "Rp 500.000",
    "inventory": "1.000",
    "max_per_order": "4",
    "colour": "#7C3AED",
}
PROMO = {"code": " hemat10 ", "kind": "percent", "value": "10", "max_uses": "100"}
SEATS = b"section,row,number\nTribun A,1,1\nTribun A,1,2\n"


def page_of(team: Team) -> str:
    return f"{team.path}/events/{team.event.short_id}/tickets"


async def offers(team: Team) -> list[Offer]:
    async with team.database.read(SYSTEM) as session:
        return await list_offers(session, team.event.id, with_archived=True)


async def promos(team: Team) -> list[PromoCode]:
    async with team.database.read(SYSTEM) as session:
        return list(await session.scalars(select(PromoCode)))


@pytest.mark.parametrize(
    ("changes", "field", "mend"),
    [
        ({"name": "V"}, "name", "Isi minimal 2 karakter."),
        ({"inventory": "0"}, "inventory", "Isi minimal 1."),
        (
            {"price_amount": ""},
            "price_amount",
            "Tulis harga dalam rupiah, misalnya 150.000. Isi 0 untuk gratis.",
        ),
        ({"colour": "ungu"}, "colour", "Pilih warna, misalnya #5a36d6."),
        ({"access_code": "KELUARGA"}, "access_code", "Kode akses hanya untuk jenis yang tersembunyi."),
        (
            {"sale_opens_at": "2027-01-02T10:00", "sale_closes_at": "2027-01-01T10:00"},
            "sale_closes_at",
            "Penjualan harus ditutup setelah dibuka.",
        ),
    ],
)
def test_type_form_names_the_mend(changes: dict[str, str], field: str, mend: str):
    form = read_form(TicketTypeForm, TYPED | changes)
    assert form.valid is None
    assert {name: text.id for name, text in form.state.errors.items()} == {field: mend}


def test_type_form_takes_the_blanks_that_a_browser_sends():
    blanks = dict.fromkeys(("description", "sale_opens_at", "sale_closes_at", "access_code", "position"), "")
    form = read_form(TicketTypeForm, TYPED | blanks)
    assert form.state.errors == {}
    assert form.valid == read_form(TicketTypeForm, TYPED).valid


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"code": "a b"}, "code"),
        ({"value": "101"}, "value"),
        ({"value": "0"}, "value"),
        ({"kind": "x"}, "kind"),
    ],
)
def test_promo_form_names_the_field(changes: dict[str, str], field: str):
    assert list(read_form(PromoForm, PROMO | changes).state.errors) == [field]


async def test_a_new_type_is_sold_beside_the_others(team: Team):
    browser = await team.sign_in("organizer")
    answer = await browser.submit(page_of(team), page_of(team), TYPED)
    (made,) = await offers(team)
    assert answer.headers["location"] == f"{page_of(team)}?done=added"
    assert (made.type.name, made.type.price_amount, made.inventory, made.type.colour) == (
        "VIP", 500_000, 1000, "#7c3aed"
    )  # fmt: skip
    assert "VIP" in (await browser.get(page_of(team))).text


async def test_a_refused_type_keeps_what_was_typed(team: Team):
    browser = await team.sign_in("organizer")
    answer = await browser.submit(page_of(team), page_of(team), TYPED | {"inventory": "banyak"})
    assert (answer.status_code, 'value="banyak"' in answer.text, await offers(team)) == (422, True, [])


async def test_places_below_what_is_sold_are_refused_with_the_numbers(team: Team):
    offer = await team.make.ticket_type(team.event, inventory=5)
    await team.make.order(team.event, lines=(LineWish(1, TypeWish(offer.id, offer.pool_id)),))
    browser = await team.sign_in("organizer")
    page = f"{page_of(team)}/{offer.id}"
    async with team.database.write(SYSTEM) as session:
        (await session.get_one(TicketType, offer.id)).name = "Lama"
    refused = await browser.submit(page, page, TYPED | {"inventory": "0"})
    taken = await browser.submit(page, page, TYPED | {"inventory": "1"})
    assert (refused.status_code, taken.status_code) == (422, 303)
    (known,) = await offers(team)
    assert (known.type.name, known.inventory, known.left) == ("VIP", 1, 0)


async def test_an_archived_type_is_sold_no_more(team: Team):
    offer = await team.make.ticket_type(team.event)
    browser = await team.sign_in("organizer")
    await browser.submit(f"{page_of(team)}/{offer.id}", f"{page_of(team)}/{offer.id}/archive")
    assert [known.type.is_archived for known in await offers(team)] == [True]


async def test_seats_come_from_a_file_all_or_none(team: Team):
    offer = await team.make.ticket_type(team.event, is_seated=True)
    browser = await team.sign_in("organizer")
    page = f"{page_of(team)}/{offer.id}"
    added = await browser.submit(page, f"{page}/seats", files={"file": ("kursi.csv", SEATS, "text/csv")})
    again = await browser.submit(
        page, f"{page}/seats", files={"file": ("kursi.csv", SEATS + b"Tribun B,1,1\n", "text/csv")}
    )
    async with team.database.read(SYSTEM) as session:
        seats = await list_seats(session, team.event.id)
    assert (added.status_code, again.status_code) == (303, 409)
    assert [seat.label for seat in seats] == ["Tribun A 1-1", "Tribun A 1-2"]


async def test_a_file_that_is_no_list_of_seats_is_refused_by_its_line(team: Team):
    offer = await team.make.ticket_type(team.event, is_seated=True)
    browser = await team.sign_in("organizer")
    page = f"{page_of(team)}/{offer.id}"
    answer = await browser.submit(page, f"{page}/seats", files={"file": ("x.csv", b"\x89PNG", "text/csv")})
    assert (answer.status_code, "Baris 1: bukan teks UTF-8." in answer.text) == (422, True)


async def test_a_promo_code_is_made_once_and_stopped(team: Team):
    browser = await team.sign_in("organizer")
    page = page_of(team)
    made = await browser.submit(page, f"{page}/promo", PROMO)
    twice = await browser.submit(page, f"{page}/promo", PROMO)
    (promo,) = await promos(team)
    await team.make.order(team.event, promo=PromoWish(promo.id, promo.pool_id))
    html = (await browser.get(page)).text
    stopped = await browser.submit(page, f"{page}/promo/{promo.id}/withdraw")
    assert (made.status_code, twice.status_code, stopped.status_code) == (303, 409, 303)
    assert ("HEMAT10" in html, "1 / 100" in html) == (True, True)
    assert [known.is_active for known in await promos(team)] == [False]


@pytest.mark.parametrize("role", ["staff", "stranger"])
async def test_only_the_merchants_organizer_changes_what_is_sold(team: Team, role: str):
    offer = await team.make.ticket_type(team.event)
    browser = await team.sign_in(role)
    expected = 403 if role == "staff" else 404
    attempts: list[tuple[str, Any]] = [
        ("", TYPED),
        ("/promo", PROMO),
        (f"/{offer.id}", TYPED),
        (f"/{offer.id}/archive", {}),
    ]
    answers = [
        await browser.submit("/backoffice/account", f"{page_of(team)}{path}", data) for path, data in attempts
    ]
    assert [answer.status_code for answer in answers] == [expected] * 4
    assert [(known.type.name, known.type.is_archived) for known in await offers(team)] == [("Reguler", False)]


async def test_another_events_type_is_not_found_here(team: Team):
    foreign = await team.make.ticket_type(await team.make.event(team.merchant))
    browser = await team.sign_in("organizer")
    assert (await browser.get(f"{page_of(team)}/{foreign.id}")).status_code == 404
