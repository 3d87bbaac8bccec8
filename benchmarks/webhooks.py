"""Webhooks of a provider and of a merchant's own program at a steady rate: how soon they are answered and settled."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import orjson
from rich.table import Table
from sqlalchemy import TextClause, text

from benchmarks.instance import VARIABLES, Bench
from benchmarks.rounds import Measure, Rounds, Spread, run_rounds
from pesan.db import Actor
from pesan.kit.standard_webhooks import ID, SIGNATURE, TIMESTAMP, sign
from pesan.orders.models import Order
from pesan.payments.gateways.accounts import AccountDraft, create_account
from pesan.payments.gateways.attempts import open_hosted_page
from pesan.payments.gateways.confirm_keys import find_key, renew_secret
from pesan.payments.gateways.registry import Gateways
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import list_payments
from pesan.payments.webhooks import CONFIRM_PATH, KEY
from tests.support.factories import SYSTEM
from tests.support.loader import Client, Report, load
from tests.support.providers.server import Signed, running_provider
from tests.support.providers.stripe import FakeStripe
from tests.support.wire import Request

PER_SECOND = 100
CONNECTIONS = 20
SECONDS = 4.0
ROUNDS = 3
OPENED_AT_ONCE = 8
SETTLED_WITHIN_SECONDS = 120
NOTHING = "/api/bench/nothing"
EMPTY = Signed({"content-type": "application/json"}, b'{"type":"nothing"}')
Waits = tuple[Sequence[float], Sequence[float]]
"""How many seconds each message took until its order was paid, and until its job was done."""
_WAITS = text(
    # Reconciliation may have been first; then the webhook's order waited for nothing.
    "SELECT greatest(0, extract(epoch FROM p.settled_at - w.received_at)) AS paid,"
    " extract(epoch FROM w.handled_at - w.received_at) AS worked FROM webhook_events w"
    " JOIN payments p ON p.reference = w.reference WHERE w.received_at > :since AND w.outcome = 'settled'"
)
_UNHANDLED = text("SELECT count(*) FROM webhook_events WHERE handled_at IS NULL")
_NOW = text("SELECT clock_timestamp()")


async def measure_webhooks(bench: Bench) -> Table:
    """Signed webhooks of paid pages, and signed confirmations, at a steady rate.

    Against a POST that does nothing, sent in the same way.
    """
    async with running_provider(FakeStripe()) as fake, httpx.AsyncClient() as http:
        gateways = Gateways(
            bench.database,
            bench.settings.secret,
            http,
            "http://127.0.0.1",
            takes_sandbox=True,
            addresses={"stripe": fake.url},
        )
        path, references = await _prepare(bench, gateways, fake)
        program = await _prepare_program(bench, gateways)
        waits: list[Waits] = []
        async with bench.server() as server, _worker(bench, fake.url):
            send = partial(send_steadily, server.port)

            async def webhooks() -> Report:
                since = await _scalar(bench, _NOW)
                report = await send(path, [_pay(fake, references.pop()) for _ in range(_count())])
                waits.append(await _settled(bench, since))
                return report

            async def confirmations() -> Report:
                since = await _scalar(bench, _NOW)
                report = await send(CONFIRM_PATH, [program.approve() for _ in range(_count())])
                await _settled(bench, since)
                return report

            variants: dict[str, Measure] = {
                "webhook": webhooks,
                "confirmation": confirmations,
                "nothing": partial(send, NOTHING, [EMPTY] * _count()),
            }
            rounds = await run_rounds(variants, rounds=ROUNDS, counted=[200])
    return _table(rounds, waits)


def _count() -> int:
    return int(PER_SECOND * SECONDS)


async def _prepare(bench: Bench, gateways: Gateways, fake: FakeStripe) -> tuple[str, list[str]]:
    """Where webhooks go, and orders whose pages are open at the provider, by reference; none is paid yet."""
    merchant = await bench.make.merchant()
    secrets = {"secret_key": fake.secret_key, "webhook_secret": fake.webhook_secret}
    async with bench.database.write(SYSTEM) as session:
        account, method = await create_account(
            session,
            gateways,
            merchant_id=merchant.id,
            draft=AccountDraft(provider="stripe", secrets=secrets),
            actor=SYSTEM,
        )
    total = _count() * ROUNDS
    event = await bench.make.event(merchant, capacity=total)
    slots = asyncio.Semaphore(OPENED_AT_ONCE)

    async def prepare_one() -> str:
        async with slots:
            order = await bench.make.order(event, email="budi@contoh.id")
            return await _open(bench, gateways, order, method)

    references = await asyncio.gather(*(prepare_one() for _ in range(total)))
    return f"/v1/payments/webhook/stripe/{account.id}", references


@dataclass
class _Program:
    """A merchant's own program, and orders that nobody paid yet."""

    key_id: UUID
    secret: str
    orders: list[Order]

    def approve(self) -> Signed:
        """The money of one more order came."""
        order = self.orders.pop()
        told = {
            "status": "APPROVED",
            "code": order.code,
            "amount": order.total_amount,
            "reference": f"BANK-{order.code}",
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        body, message_id, at = orjson.dumps(told), f"msg_{order.id.hex}", int(time.time())
        proof = {ID: message_id, TIMESTAMP: str(at), SIGNATURE: sign(self.secret, message_id, at, body)}
        return Signed({"content-type": "application/json", KEY: str(self.key_id), **proof}, body)


async def _prepare_program(bench: Bench, gateways: Gateways) -> _Program:
    merchant = await bench.make.merchant()
    secret = await renew_secret(gateways, merchant_id=merchant.id, actor=SYSTEM)
    async with bench.database.read(SYSTEM) as session:
        key = await find_key(session, merchant.id)
    assert key is not None
    total = _count() * ROUNDS
    event = await bench.make.event(merchant, capacity=total)
    slots = asyncio.Semaphore(OPENED_AT_ONCE)

    async def place() -> Order:
        async with slots:
            return await bench.make.order(event, email="budi@contoh.id")

    return _Program(key.id, secret, await asyncio.gather(*(place() for _ in range(total))))


def _pay(fake: FakeStripe, reference: str) -> Signed:
    """Only now, so that reconciliation finds no order before its webhook, whose signature is good for minutes."""
    fake.pay(reference)
    return fake.session_notice(reference)


async def _open(bench: Bench, gateways: Gateways, order: Order, method: PaymentMethod) -> str:
    await open_hosted_page(
        gateways,
        order=order,
        method=method,
        actor=Actor.guest(order.code),
        return_url=f"https://toko.example/pay/{order.code}/return",
    )
    async with bench.database.read(SYSTEM) as session:
        (payment,) = await list_payments(session, order.id)
    assert payment.reference is not None
    return payment.reference


@asynccontextmanager
async def _worker(bench: Bench, address: str) -> AsyncIterator[None]:
    """One worker process, which asks the fake."""
    variables = {"PESAN_HOME": str(bench.settings.home), "PESAN_BENCH_PROVIDER": f"stripe={address}"}
    environment = {**os.environ, **VARIABLES, **variables}
    command = (sys.executable, "-m", "benchmarks.settling_worker")
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=silent, stderr=silent)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def send_steadily(port: int, path: str, notices: Sequence[Signed]) -> Report:
    """POST these one after the other, so many a second over a few connections, however long an answer takes."""
    begin = time.perf_counter()
    clients = [
        _sender(path, notices[number::CONNECTIONS], begin + number / PER_SECOND)
        for number in range(CONNECTIONS)
    ]
    return await load(port, clients, seconds=SETTLED_WITHIN_SECONDS)


def _sender(path: str, notices: Sequence[Signed], at: float) -> Client:
    """Sends its messages at fixed times, however long the last one took."""
    for notice in notices:
        yield max(0.0, at - time.perf_counter())
        yield Request("POST", path, notice.body, notice.headers).encode()
        at += CONNECTIONS / PER_SECOND


async def _settled(bench: Bench, since: datetime) -> Waits:
    """Wait until every job is done; both ends of each wait are read off the database's clock."""
    async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
        while await _scalar(bench, _UNHANDLED):
            await asyncio.sleep(0.1)
    async with bench.database.read(SYSTEM) as session:
        rows = (await session.execute(_WAITS, {"since": since})).all()
    return [float(row.paid) for row in rows], [float(row.worked) for row in rows]


async def _scalar(bench: Bench, query: TextClause) -> Any:
    async with bench.database.read(SYSTEM) as session:
        return (await session.execute(query)).scalar_one()


def _table(rounds: Rounds, waits: Sequence[Waits]) -> Table:
    title = (
        f"{PER_SECOND} webhooks a second, {ROUNDS} rounds of {SECONDS:.0f} s, one web process and one worker"
    )
    table = Table(title=title)
    for heading in ("", "p50 ms", "p99 ms", "failed"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, label in {
        "webhook": "answer to a webhook",
        "confirmation": "answer to a confirmation",
        "nothing": "answer to a POST that does nothing",
    }.items():
        middle, slow = (rounds.latency(name, fraction).show(".1f") for fraction in (0.5, 0.99))
        table.add_row(label, middle, slow, str(rounds.failures(name)))
    table.add_section()
    missing = sum(_count() - len(paid) for paid, _ in waits)
    for label, place in (("webhook in to order paid", 0), ("webhook in to job done", 1)):
        reports = [Report(latencies=list(of_round[place])) for of_round in waits]
        middle, slow = (
            Spread.of([report.percentile(fraction) * 1_000 for report in reports]).show(",.0f")
            for fraction in (0.5, 0.99)
        )
        table.add_row(label, middle, slow, str(missing))
    return table
