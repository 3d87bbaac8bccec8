"""A process of its own that takes a webhook in and does everything that follows, until somebody kills it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from uuid import UUID

from sqlalchemy import select

from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.orders.desk import SaleDesk
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.payments.gateways.reconciliation import ask_again, close_ended
from pesan.payments.gateways.registry import get_account
from pesan.payments.gateways.returns import send_refunds
from pesan.payments.models import PaymentMethod
from pesan.realtime import Hub
from pesan.tickets.keystore import DatabaseKeyStore, KeyStore
from pesan.tickets.tasks import fulfil_order
from tests.payments.gateway_steps import Shop, make_gateways
from tests.support.factories import SYSTEM
from tests.support.providers.server import Signed

# One process imports the house once; each taker is forked from it in a moment.
_CONTEXT = get_context("forkserver")


@dataclass(frozen=True, slots=True)
class Place:
    """What a process needs to know before it can take anything."""

    database_url: str
    role_prefix: str
    secret: bytes
    addresses: Mapping[str, str]
    account_id: UUID
    method_id: UUID


def start_taker(place: Place, told: Signed) -> ForkServerProcess:
    """Begin to take this webhook; the process ends by itself when everything is done."""
    _CONTEXT.set_forkserver_preload([__name__])
    process = _CONTEXT.Process(target=_run, args=(place, told), daemon=True)
    process.start()
    return process


async def finish(shop: Shop, secret: bytes) -> None:
    """What the worker's jobs and sweeps do until nothing is left to do: handle, ask, close, fulfil, send back."""
    await shop.handle_all()
    await close_ended(shop.gateways, shop.desk)
    await ask_again(shop.gateways, shop.desk)
    await _fulfil(shop, secret)
    await send_refunds(shop.gateways)


async def _fulfil(shop: Shop, secret: bytes) -> None:
    deps = Registry()
    deps.add(Database, shop.database)
    deps.add(SaleDesk, shop.desk)
    deps.add(KeyStore, DatabaseKeyStore(shop.database, secret))
    async with shop.database.read(SYSTEM) as session:
        paid = (await session.scalars(select(Order.id).where(Order.state == OrderState.PAID))).all()
    for order_id in paid:
        await fulfil_order(deps, order_id)


def _run(place: Place, told: Signed) -> None:
    asyncio.run(_take(place, told))


async def _take(place: Place, told: Signed) -> None:
    database = Database(place.database_url, role_prefix=place.role_prefix, pool_size=2)
    gateways = make_gateways(database, place.secret, addresses=place.addresses)
    async with database.read(SYSTEM) as session:
        account = await get_account(session, place.account_id)
        method = await session.get_one(PaymentMethod, place.method_id)
    shop = Shop(database, SaleDesk(database, Hub(database.url)), gateways, account, method)
    await shop.take(told)
    await finish(shop, place.secret)
    await gateways.http.aclose()
    await database.dispose()
