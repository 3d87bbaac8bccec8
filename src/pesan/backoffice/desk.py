"""What every page of the staff starts with: the person, their merchants, and a session that sees only those."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse

from pesan.backoffice.queries.shops import ShopRow, list_shops
from pesan.backoffice.views.chrome import Chrome, Shop
from pesan.backoffice.words import STATES
from pesan.checkout.forms import html_rules
from pesan.db import Actor, Database, ReadSession, WriteSession
from pesan.errors import Forbidden
from pesan.identity.policies import SignedIn, may_review
from pesan.kit.i18n import Locale, Text
from pesan.kit.registry import Registry
from pesan.kit.times import DEFAULT_ZONE
from pesan.tenancy.brands import show_brand
from pesan.tenancy.errors import MerchantNotFound
from pesan.web.context import name_merchant
from pesan.web.deps import find_person, get_database, get_locale, get_registry, ip_digest
from pesan.web.errors import SignInNeeded
from pesan.web.pages import render

Rule = Callable[[SignedIn, UUID], bool]


@dataclass(frozen=True, slots=True)
class Desk:
    """One request of a signed-in person; `chrome` is the frame of the page that is being made."""

    request: Request
    person: SignedIn
    actor: Actor
    database: Database

    @property
    def locale(self) -> Locale:
        """The person's language."""
        return get_locale(self.request)

    @property
    def registry(self) -> Registry:
        """The objects of this process."""
        return get_registry(self.request)

    @asynccontextmanager
    async def reading(
        self, section: str, slug: str | None = None, rule: Rule = may_review
    ) -> AsyncIterator["Room"]:
        """A read-only transaction and the frame of a page, for people whom `rule` lets in.

        Raises MerchantNotFound for a merchant that is not theirs, Forbidden for one where their role is too small.
        """
        async with self.database.read(self.actor) as session:
            yield await self._enter(session, section, slug, rule)

    @asynccontextmanager
    async def writing(self, slug: str, rule: Rule = may_review) -> AsyncIterator["WorkRoom"]:
        """The same for a change, committed at the end of the block."""
        async with self.database.write(self.actor) as session:
            room = await self._enter(session, "", slug, rule)
            yield WorkRoom(session, room.shop)

    async def _enter(self, session: ReadSession, section: str, slug: str | None, rule: Rule) -> "Room":
        rows = await list_shops(session, self.person)
        shops = [_shop(row) for row in rows]
        shop = next((found for found in shops if found.slug == slug), None)
        if slug is not None:
            self._admit(shop, rule)
        return Room(session, Chrome(self.person, shops, shop, section))

    def _admit(self, shop: Shop | None, rule: Rule) -> None:
        if shop is None:
            raise MerchantNotFound
        name_merchant(self.request, shop.id)
        if not rule(self.person, shop.id):
            raise Forbidden

    def page(
        self, chrome: Chrome, template: str, context: Mapping[str, Any], *, status: int = 200
    ) -> HTMLResponse:
        """The page that a template makes inside this frame."""
        return show(self.request, template, {"chrome": chrome, **context}, status=status)

    def text(self, text: Text) -> str:
        """A sentence in the person's language."""
        return text.in_(self.locale)


@dataclass(frozen=True, slots=True)
class Room:
    """A read-only transaction with the frame of the page that it is for."""

    session: ReadSession
    chrome: Chrome

    @property
    def shop(self) -> Shop:
        """The merchant of the page; only for pages that have one."""
        assert self.chrome.shop is not None
        return self.chrome.shop


@dataclass(frozen=True, slots=True)
class WorkRoom:
    """A transaction that changes something of one merchant."""

    session: WriteSession
    shop: Shop


async def get_desk(request: Request) -> Desk:
    """The desk of whoever is signed in; raises SignInNeeded."""
    person = await find_person(request)
    if not isinstance(person, SignedIn):
        raise SignInNeeded
    return Desk(request, person, person.to_actor(ip_digest=ip_digest(request)), get_database(request))


DeskOf = Annotated[Desk, Depends(get_desk)]


def show(request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """A page of the back office; pages of a merchant carry its accent and its zone."""
    chrome = context.get("chrome")
    shop = chrome.shop if chrome else None
    common = {
        "chrome": None,
        "brand": shop,
        "zone": shop.zone if shop else DEFAULT_ZONE,
        "html_rules": html_rules,
        "state_words": STATES,
    }
    return render(request, f"backoffice/{template}.html", {**common, **context}, status=status)


@asynccontextmanager
async def open_form(request: Request) -> AsyncIterator[FormData]:
    """What was posted, uploads included; their temporary files end with the block."""
    form = await request.form()
    try:
        yield form
    finally:
        await form.close()


def go(path: str) -> RedirectResponse:
    """After a form was accepted: the page to look at next, by GET."""
    return RedirectResponse(path, status_code=303)


def _shop(row: ShopRow) -> Shop:
    merchant = row.merchant
    return Shop(
        id=merchant.id,
        slug=merchant.slug,
        name=merchant.name,
        accent=merchant.accent,
        zone=merchant.zone,
        logo_url=show_brand(merchant).logo_url,
        waiting=row.waiting,
        risks=row.risks,
        has_booths=row.has_booths,
        has_trips=row.has_trips,
    )
