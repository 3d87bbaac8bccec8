"""One line of a bank's, posted twice and uploaded at the same moment, is kept once and settles once."""

import asyncio
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text

from pesan.db import Actor, Database
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from pesan.payments.models import PaymentMethod
from pesan.tenancy.models import Merchant
from tests.payments.steps import choose
from tests.support.database import offenders
from tests.support.factories import PASSWORD, SYSTEM, Make
from tests.support.racer import race
from tests.support.wire import Request

ROUNDS = 3
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def now() -> datetime:
    """Where banks write their days."""
    return datetime.now(ZoneInfo("Asia/Jakarta"))


def posted(token: str, method: PaymentMethod, amount: int) -> Request:
    line = {"posted_at": now().isoformat(), "amount": amount, "description": "TRSF SARI", "reference": "R1"}
    wish = {"method_id": str(method.id), "lines": [line]}
    return Request("POST", "/v1/statements/lines", wish, {"authorization": f"Bearer {token}"})


def uploaded(browser: httpx.AsyncClient, page: str, form: dict[str, str], amount: int) -> Request:
    content = f"Tanggal,Keterangan,Jumlah\n{now():%d/%m/%Y},TRSF SARI,{amount} CR".encode()
    made = browser.build_request("POST", page, data=form, files={"file": ("mutasi.csv", content, "text/csv")})
    headers = {name: made.headers[name] for name in ("content-type", "cookie")}
    return Request("POST", page, made.read(), headers)


async def numbers(database: Database, merchant: Merchant, amount: int) -> tuple[int, ...]:
    """How many lines and matches of this amount the merchant has, and how often it came in; others have it, too."""
    query = text(
        "SELECT count(*), count(m.line_id), (SELECT count(*) FROM ledger_entries"
        " WHERE merchant_id = :merchant AND account = 'received' AND amount = :amount)"
        " FROM bank_lines l LEFT JOIN bank_matches m ON m.line_id = l.id"
        " WHERE l.merchant_id = :merchant AND l.amount = :amount"
    )
    async with database.read(SYSTEM) as session:
        return tuple((await session.execute(query, {"merchant": merchant.id, "amount": amount})).one())


async def test_one_line_told_three_times_at_once_settles_once(served, make: Make, database: Database):
    service = await served()
    merchant = await make.merchant()
    method, event = await make.method(merchant), await make.event(merchant)
    user = await make.user(merchant, MerchantRole.STAFF)
    page = f"/organizer/{merchant.slug}/statements"
    async with httpx.AsyncClient(base_url=service.url, cookies=await make.session_of(user)) as browser:
        shown = _TOKEN.search((await browser.get(page)).text)
        assert shown is not None
        form = {"csrf_token": shown[1], "method_id": str(method.id)}
        async with httpx.AsyncClient(base_url=service.url) as program:
            who = {"email": user.email, "password": PASSWORD}
            signed_in = await program.post("/api/auth/login", json=who)
        token = signed_in.json()["token"]
        for _ in range(ROUNDS):
            order = await make.order(event)
            amount = (await choose(database, order, method.id)).amount
            told = [posted(token, method, amount)] * 2

            *answers, page_answer = await race(service.port, [*told, uploaded(browser, page, form, amount)])

            assert [answer.status for answer in answers] == [200, 200]
            assert [answer.json()["lines"][0]["status"] for answer in answers] == ["settled", "settled"]
            assert (page_answer.status, await numbers(database, merchant, amount)) == (303, (1, 1, 1))
            async with database.read(SYSTEM) as session:
                assert (await session.get_one(type(order), order.id)).state in {
                    OrderState.PAID,
                    OrderState.COMPLETED,
                }
    assert await offenders(database) == []


async def test_without_its_fingerprint_the_same_line_is_kept_by_everybody(spare, postgres):
    """The control: whoever looks for the line first and then writes it down has it as often as it was told."""
    merchant: Merchant = await spare.make.merchant()
    method = await spare.make.method(merchant)
    with postgres.connect(spare.name) as owner:
        owner.execute("ALTER TABLE bank_lines DROP CONSTRAINT uq_bank_lines_method_id_fingerprint")
    staff = Actor.staff(merchant.id, frozenset([merchant.id]))
    looked = asyncio.Barrier(3)
    insert = text(
        "INSERT INTO bank_lines (id, merchant_id, method_id, posted_on, amount, description, fingerprint)"
        " VALUES (:id, :merchant, :method, :day, 150123, 'TRSF SARI', '\\x01')"
    )

    async def tell() -> None:
        async with spare.database.write(staff) as session:
            assert await session.scalar(text("SELECT count(*) FROM bank_lines")) == 0
            await looked.wait()
            of = {"id": new_id(), "merchant": merchant.id, "method": method.id, "day": now().date()}
            await session.execute(insert, of)

    await asyncio.gather(*(tell() for _ in range(3)))

    assert await numbers(spare.database, merchant, 150_123) == (3, 0, 0)
