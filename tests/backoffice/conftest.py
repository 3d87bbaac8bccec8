"""The whole app in this process on the test's database, and people of every role who use it."""

import hashlib
import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image, ImageDraw
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.catalog.models import Event
from pesan.db import Actor, Database
from pesan.identity.service import create_user, set_membership, set_platform_role
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.registry import Registry
from pesan.orders.models import Order
from pesan.orders.moves import Move
from pesan.orders.states import OrderEvent, OrderState
from pesan.payments.companions import ProofCompanion
from pesan.payments.models import PaymentMethod
from pesan.payments.service import MethodDraft, create_method, select_method
from pesan.payments.states import MethodKind
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.storage.keys import Kind, new_folder
from pesan.tenancy.models import Merchant
from tests.support.factories import SYSTEM, Make

PASSWORD = "kuda sepeda awan"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> Registry:
    return build_registry(Instance(settings, database_url, None), "web")


@pytest.fixture
async def app(registry: Registry) -> AsyncIterator[FastAPI]:
    app = create_app(registry)
    async with app.router.lifespan_context(app):
        yield app


class Browser:
    """Somebody's browser without scripts: keeps cookies, and posts forms with the token of their page."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def submit(self, page: str, path: str, data: Any = None, **options: Any) -> httpx.Response:
        """Open `page`, then post a form of it to `path`."""
        token = _TOKEN.search((await self.client.get(page)).text)
        fields = {**(data or {}), "csrf_token": token[1] if token else ""}
        return await self.client.post(path, data=fields, **options)


OpenBrowser = Callable[[], Awaitable[Browser]]


@pytest.fixture
async def open_browser(app: FastAPI) -> AsyncIterator[OpenBrowser]:
    async with AsyncExitStack() as stack:

        async def start() -> Browser:
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://127.0.0.1",
                headers={"accept": "text/html"},
            )
            return Browser(await stack.enter_async_context(client))

        yield start


@dataclass
class Team:
    """A merchant with an event, an account to pay into, and people."""

    merchant: Merchant
    event: Event
    method: PaymentMethod
    other: Merchant
    database: Database
    make: Make
    storage: Storage
    open_browser: OpenBrowser
    users: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/organizer/{self.merchant.slug}"

    async def sign_in(self, role: str) -> Browser:
        """A browser in which the `staff`, `organizer`, `stranger` (of another merchant) or `admin` is signed in."""
        if role not in self.users:
            self.users[role] = await _join(self.database, self, role)
        browser = await self.open_browser()
        answer = await browser.submit(
            "/backoffice/login",
            "/backoffice/login",
            {"email": f"{role}@kopi.example", "password": PASSWORD},
        )
        assert answer.status_code == 303, answer.text
        return browser

    async def review(self, picture: bytes | None = None, **wish: Any) -> Order:
        """An order with a chosen method and, if `picture` is given, a stored proof, that waits for a reviewer."""
        order = await self.make.order(self.event, **wish)
        guest = Actor.guest(order.code)
        async with self.database.write(guest) as session:
            held = await session.get_one(Order, order.id)
            await select_method(session, order=held, method_id=self.method.id, actor=guest)
        companions = (await self.proof(order, picture),) if picture else ()
        await self.make.move(
            Move(OrderEvent.SUBMIT_PROOF, self.event.id, guest, order.id, companions=companions)
        )
        return await self.order(order)

    async def proof(self, order: Order, picture: bytes, phash: int | None = None) -> ProofCompanion:
        key = f"{new_folder(Kind.PROOF)}/file.jpg"
        await self.storage.put(key, picture, "image/jpeg")
        return ProofCompanion(
            order_id=order.id,
            merchant_id=order.merchant_id,
            object_key=key,
            mime="image/jpeg",
            size=len(picture),
            sha256=hashlib.sha256(picture).digest(),
            phash=phash,
            width=400,
            height=800,
        )

    async def order(self, order: Order) -> Order:
        async with self.database.read(SYSTEM) as session:
            return await session.get_one(Order, order.id)

    async def state(self, order: Order) -> OrderState:
        return OrderState((await self.order(order)).state)


@pytest.fixture
async def team(registry: Registry, database: Database, make: Make, open_browser: OpenBrowser) -> Team:
    merchant = await make.merchant(name="Kopi Senja", slug="kopi-senja")
    other = await make.merchant(name="Teater Rakyat", slug="teater-rakyat")
    event = await make.event(merchant, capacity=50)
    async with database.write(SYSTEM) as session:
        draft = MethodDraft(
            MethodKind.BANK, bank_name="BCA", account_no="1234567890", account_holder="PT Kopi Senja"
        )
        method = await create_method(session, merchant_id=merchant.id, draft=draft, actor=SYSTEM)
    storage = registry[Storage]  # type: ignore[type-abstract]
    return Team(merchant, event, method, other, database, make, storage, open_browser)


async def _join(database: Database, team: Team, role: str) -> Any:
    async with database.write(SYSTEM) as session:
        user = await create_user(
            session, email=f"{role}@kopi.example", name=f"Rina {role}", password=PASSWORD, actor=SYSTEM
        )
    async with database.write(SYSTEM) as session:
        if role == "admin":
            await set_platform_role(session, user_id=user.id, role=PlatformRole.ADMIN, actor=SYSTEM)
        else:
            merchant = team.other if role == "stranger" else team.merchant
            given = MerchantRole.STAFF if role == "staff" else MerchantRole.ORGANIZER
            await set_membership(session, user_id=user.id, merchant_id=merchant.id, role=given, actor=SYSTEM)
    return user


def picture(text: str = "Rp 150.356") -> bytes:
    """A screenshot of a transfer."""
    image = Image.new("RGB", (400, 800), "#f4f7fb")
    ImageDraw.Draw(image).text((40, 200), text, fill="#111111", font_size=40)
    content = io.BytesIO()
    image.save(content, "JPEG")
    return content.getvalue()
