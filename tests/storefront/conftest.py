"""The whole app in this process, and a guest with a browser that runs no scripts."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import URL

from pesan.app.instance import Instance
from pesan.app.web import create_app
from pesan.app.wiring import build_registry
from pesan.db import Database
from pesan.kit.registry import Registry
from pesan.settings import Settings
from tests.support.queries import CountQueries, counter_for

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
async def registry(settings: Settings, database_url: URL) -> Registry:
    """The objects of a web process."""
    return build_registry(Instance(settings, database_url, None), "web")


@pytest.fixture
async def app(registry: Registry) -> AsyncIterator[FastAPI]:
    """The app, started."""
    app = create_app(registry)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def count_web_queries(registry: Registry) -> CountQueries:
    """Notes every statement that the web process executes inside the block."""
    return counter_for(registry[Database].engine)


@dataclass
class Guest:
    """Keeps cookies, and posts forms with the token of their page."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        """One page."""
        return await self.client.get(path)

    async def token(self, page: str) -> str:
        """The form token of a page."""
        match = _TOKEN.search((await self.get(page)).text)
        assert match is not None
        return match[1]

    async def hold(self, path: str, *, key: str = "", token: str = "", **typed: str) -> httpx.Response:
        """Post the booking sheet of the event at `path`; `token` is of a sheet that was opened before."""
        sheet = f"{path}/book"
        form = {"name": "Asep Budiawan", "qty": "1", **typed, "idempotency_key": key or str(uuid4())}
        return await self.client.post(sheet, data={**form, "csrf_token": token or await self.token(sheet)})


@pytest.fixture
async def guest(app: FastAPI) -> AsyncIterator[Guest]:
    """A guest."""
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)
