"""Visitors of the desk's pages, with browsers that run no scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from pesan.jastip.models import Participant
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.registry import Registry
from tests.storefront.guest import Guest


@asynccontextmanager
async def visiting(app: FastAPI, *, locale: str = "id") -> AsyncIterator[Guest]:
    """A browser that keeps cookies and follows nothing by itself."""
    transport = httpx.ASGITransport(app)
    headers = {"accept": "text/html", "accept-language": locale}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        yield Guest(client)


def token_of(registry: Registry, person: Participant) -> str:
    """What the chat's links to somebody carry."""
    return registry[ParticipantTokens].make(person.id)


async def post(guest: Guest, page: str, path: str, **typed: str) -> httpx.Response:
    """Post a form with the token of `page`."""
    return await guest.client.post(path, data={**typed, "csrf_token": await guest.token(page)})
