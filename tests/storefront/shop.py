"""What guests do over the API, and what the database says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy import text

from pesan.catalog.models import Event
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.payments.models import PaymentMethod
from pesan.storage import Storage
from pesan.storage.keeping import KeepingStorage
from pesan.tenancy.models import Merchant
from tests.payments.steps import BANK, QRIS, add_method
from tests.support.factories import SYSTEM, Make

TABLES = (
    "orders",
    "order_lines",
    "claims",
    "payments",
    "amount_reservations",
    "payment_proofs",
    "ledger_entries",
    "tickets",
    "audit_entries",
    "idempotency_keys",
    "procrastinate_jobs",
)


@dataclass
class Shop:
    """A merchant, its event and its ways to be paid; `guest` is a browser that placed nothing yet."""

    make: Make
    database: Database
    registry: Registry
    open_guest: Callable[..., Any]
    guest: httpx.AsyncClient
    merchant: Merchant
    event: Event
    bank: PaymentMethod
    qris: PaymentMethod

    @property
    def storage(self) -> Storage:
        return self.registry[Storage]

    async def hold(
        self,
        client: httpx.AsyncClient | None = None,
        *,
        key: str | None = None,
        event: Event | None = None,
        **fields: Any,
    ) -> httpx.Response:
        """`POST /api/bookings/hold`; a field given as None is left out."""
        wish = {"eventId": str((event or self.event).id), "name": "Siti Nurhaliza", "qty": 1, **fields}
        body = {name: value for name, value in wish.items() if value is not None}
        headers = {"idempotency-key": key} if key else {}
        return await (client or self.guest).post("/api/bookings/hold", json=body, headers=headers)

    async def held(self, client: httpx.AsyncClient | None = None, **fields: Any) -> dict[str, Any]:
        """A hold that must be granted."""
        answer = await self.hold(client, **fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def choose(
        self, booking: Mapping[str, Any], method: PaymentMethod, client: Any = None, **headers: str
    ):
        """`POST …/select-method`."""
        path = f"/api/bookings/{booking['id']}/select-method"
        return await (client or self.guest).post(path, json={"methodId": str(method.id)}, headers=headers)

    async def prove(
        self,
        booking: Mapping[str, Any],
        content: bytes,
        filename: str = "bukti.jpg",
        client: Any = None,
        mime: str = "image/jpeg",
        **headers: str,
    ) -> httpx.Response:
        """`POST …/proof`."""
        path = f"/api/bookings/{booking['id']}/proof"
        return await (client or self.guest).post(
            path, files={"file": (filename, content, mime)}, headers=headers
        )

    async def order(self, booking: Mapping[str, Any]) -> Order:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(Order, booking["id"])

    async def execute(self, sql: str, **values: Any) -> list[Any]:
        """A statement as the system, committed."""
        async with self.database.write(SYSTEM) as session:
            result = await session.execute(text(sql), values)
            return list(result.all()) if result.returns_rows else []

    async def facts(self) -> dict[str, Any]:
        """Everything that a refusal must leave alone: rows per table, places, states, objects."""
        counts = {table: (await self.execute(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}
        places = await self.execute("SELECT id, held, used FROM capacity_pools ORDER BY id")
        states = await self.execute("SELECT id, state, audit_seq FROM orders ORDER BY id")
        return {**counts, "places": places, "states": states, "objects": await self.objects()}

    async def objects(self) -> list[str]:
        store = self.registry[KeepingStorage].store  # a web process may not list what is kept
        return sorted([key async for key in store.list("proof/")])


async def open_shop(make: Make, database: Database, registry: Registry, open_guest: Any) -> Shop:
    """A shop with both ways to pay."""
    merchant = await make.merchant(name="Kopi Senja", slug="kopi-senja", accent="#7a4a21")
    event = await make.event(merchant)
    bank = await add_method(database, merchant.id, BANK)
    qris = await add_method(database, merchant.id, QRIS, position=1)
    guest = await open_guest()
    return Shop(make, database, registry, open_guest, guest, merchant, event, bank, qris)


def new_key() -> str:
    """An Idempotency-Key."""
    return str(uuid4())


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which must be a problem document with both of them inside."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["request_id"] == answer.headers["x-request-id"]
    return answer.status_code, document["code"]
