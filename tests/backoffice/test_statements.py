"""Staff upload what their bank says; what is exact settles by itself, the rest is theirs to decide."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from pesan.checkout.statements import match_lines
from pesan.db import Actor
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.models import Payment
from pesan.payments.service import select_method
from pesan.payments.statements.queries import list_open_lines, list_suggestions
from pesan.realtime import Hub
from tests.backoffice.conftest import Browser, Team
from tests.support.factories import SYSTEM


def csv_of(*amounts: int, heading: str = "Tanggal,Keterangan,Jumlah") -> bytes:
    today = datetime.now(ZoneInfo("Asia/Jakarta")).strftime("%d/%m/%Y")
    return "\n".join([heading, *(f"{today},TRSF SARI,{amount} CR" for amount in amounts)]).encode()


async def held(team: Team) -> tuple[Order, Payment]:
    order = await team.make.order(team.event)
    guest = Actor.guest(order.code)
    async with team.database.write(guest) as session:
        known = await session.get_one(Order, order.id)
        return order, await select_method(session, order=known, method_id=team.method.id, actor=guest)


async def upload(team: Team, browser: Browser, content: bytes, **typed: str):  # type: ignore[no-untyped-def]
    page = f"{team.path}/statements"
    form = {"method_id": str(team.method.id), **typed}
    return await browser.submit(page, page, form, files={"file": ("mutasi.csv", content, "text/csv")})


async def match(team: Team) -> None:
    await match_lines(team.database, SaleDesk(team.database, Hub()), team.method.id)


async def line_ids(team: Team) -> list[str]:
    async with team.database.read(SYSTEM) as session:
        return [
            str(found)
            for found in await session.scalars(text("SELECT id FROM bank_lines WHERE state = 'open'"))
        ]


async def state_of(team: Team, order: Order) -> str:
    return (await team.order(order)).state


async def test_an_exact_line_pays_its_order(team: Team):
    order, payment = await held(team)
    browser = await team.sign_in("staff")
    answer = await upload(team, browser, csv_of(payment.amount))
    again = await upload(team, browser, csv_of(payment.amount))
    await match(team)
    assert [reply.headers["location"].partition("=")[2] for reply in (answer, again)] == [
        "added-1",
        "added-0",
    ]
    assert await state_of(team, order) == OrderState.PAID
    assert "Tidak ada yang perlu dilihat" in (await browser.get(f"{team.path}/statements")).text


async def test_a_near_line_is_decided_by_a_person(team: Team):
    order, payment = await held(team)
    browser = await team.sign_in("staff")
    await upload(team, browser, csv_of(payment.amount + 1))
    await match(team)
    page = f"{team.path}/statements"
    assert f'{order.id}">…{order.code[-4:]}</a>' in (await browser.get(page)).text
    (line,) = await line_ids(team)
    answers = [
        await browser.submit(page, f"{page}/{line}/accept", {"order_id": str(order.id)}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 404]
    assert await state_of(team, order) == OrderState.PAID


async def test_a_line_that_is_far_from_an_orders_amount_pays_nothing(team: Team):
    order, _ = await held(team)
    browser = await team.sign_in("staff")
    await upload(team, browser, csv_of(1_000))
    await match(team)
    (line,) = await line_ids(team)
    page = f"{team.path}/statements"
    refused = await browser.submit(page, f"{page}/{line}/accept", {"order_id": str(order.id)})
    assert (refused.status_code, await line_ids(team)) == (409, [line])
    assert await state_of(team, order) == OrderState.HOLD


async def test_a_line_that_is_no_payment_is_put_away(team: Team):
    browser = await team.sign_in("staff")
    await upload(team, browser, csv_of(90_000))
    await match(team)
    (line,) = await line_ids(team)
    page = f"{team.path}/statements"
    assert (await browser.submit(page, f"{page}/{line}/dismiss")).status_code == 303
    assert await line_ids(team) == []


async def test_columns_that_were_named_once_are_remembered(team: Team):
    browser = await team.sign_in("staff")
    odd = "Kapan,Apa,Masuk"
    refused = await upload(team, browser, csv_of(90_000, heading=odd))
    named = await upload(
        team,
        browser,
        csv_of(90_000, heading=odd),
        column_date="Kapan",
        column_description="Apa",
        column_amount="Masuk",
    )
    later = await upload(team, browser, csv_of(90_000, 91_000, heading=odd))
    assert (refused.status_code, "Kolom tidak dikenali?" in refused.text) == (422, True)
    assert [reply.headers["location"].partition("=")[2] for reply in (named, later)] == ["added-1", "added-1"]


async def test_a_file_that_is_no_statement_changes_nothing(team: Team):
    browser = await team.sign_in("staff")
    assert (await upload(team, browser, b"\x89PNG")).status_code == 422
    async with team.database.read(SYSTEM) as session:
        assert await session.scalar(text("SELECT count(*) FROM statement_formats")) == 0


async def test_another_merchants_line_order_and_account_are_not_found(team: Team):
    order, payment = await held(team)
    staff, stranger = await team.sign_in("staff"), await team.sign_in("stranger")
    await upload(team, staff, csv_of(payment.amount + 1))
    await match(team)
    (line,) = await line_ids(team)
    other = f"/organizer/{team.other.slug}/statements"
    answers = [
        await stranger.submit(other, f"{other}/{line}/accept", {"order_id": str(order.id)}),
        await stranger.submit(other, f"{other}/{line}/dismiss"),
        await stranger.submit(
            other, other, {"method_id": str(team.method.id)}, files={"file": ("m.csv", csv_of(1), "text/csv")}
        ),
        await stranger.get(f"{team.path}/statements"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert (await line_ids(team), await state_of(team, order)) == ([line], OrderState.HOLD)


@pytest.mark.parametrize("lines", [1, 5])
async def test_the_page_costs_the_same_for_any_number_of_lines(team: Team, lines: int, count_queries):
    order, payment = await held(team)
    browser = await team.sign_in("staff")
    await upload(team, browser, csv_of(*(payment.amount + 1 + number for number in range(lines))))
    await match(team)
    async with team.database.read(SYSTEM) as session:
        with count_queries() as statements:
            waiting = await list_open_lines(session, order.merchant_id)
            found = await list_suggestions(session, [line for line, _ in waiting])
    assert (len(waiting), len(found), len(statements)) == (lines, lines, 2)


@pytest.mark.parametrize("order_id", ["", "x", "00000000-0000-0000-0000-000000000000"])
async def test_an_order_that_is_none_is_refused(team: Team, order_id: str):
    browser = await team.sign_in("staff")
    await upload(team, browser, csv_of(90_000))
    await match(team)
    (line,) = await line_ids(team)
    page = f"{team.path}/statements"
    answer = await browser.submit(page, f"{page}/{line}/accept", {"order_id": order_id})
    assert (answer.status_code in {400, 404}, await line_ids(team)) == (True, [line])
