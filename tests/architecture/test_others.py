"""Whatever a path names below a merchant belongs to that merchant, or is not found: by whoever asks, and unchanged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from pesan.identity.states import MerchantRole, PlatformRole
from pesan.web.access import list_routes
from tests.architecture.test_reads import contents
from tests.db.worlds import House, make_world
from tests.storage.files import encoded, picture
from tests.support.factories import Make
from tests.support.postgres import Server

Things = dict[str, list[str]]
PICTURE = encoded(picture(60, 40), "PNG")
FILES = ("/cover", "/seats")
BASES = ("/organizer/{merchant}", "/backoffice/booths/{merchant}", "/jastip/{merchant}")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
NAME = re.compile(r"{(\w+)}")
# What a path may name, and where such things are kept.
THINGS = {
    "account_id": "SELECT id FROM gateway_accounts WHERE merchant_id = :id",
    "booth_id": "SELECT id FROM booths WHERE merchant_id = :id",
    "broadcast_id": "SELECT id FROM broadcasts WHERE merchant_id = :id",
    "code": "SELECT code FROM orders WHERE merchant_id = :id",
    "conflict_id": "SELECT id FROM scan_conflicts WHERE merchant_id = :id",
    "entry_id": "SELECT id FROM risk_entries WHERE merchant_id = :id",
    "delivery_id": "SELECT id FROM hook_deliveries WHERE merchant_id = :id",
    "device_id": "SELECT id FROM gate_devices WHERE merchant_id = :id",
    "endpoint_id": "SELECT id FROM hook_endpoints WHERE merchant_id = :id",
    "gate_id": "SELECT id FROM gates WHERE merchant_id = :id",
    "invitation_id": "SELECT id FROM invitations WHERE merchant_id = :id",
    "line_id": "SELECT id FROM bank_lines WHERE merchant_id = :id",
    "method_id": "SELECT id FROM payment_methods WHERE merchant_id = :id",
    "order_id": "SELECT order_id FROM trip_orders WHERE merchant_id = :id",
    "outlet_id": "SELECT event_id FROM outlets WHERE merchant_id = :id",
    "participant_id": "SELECT id FROM participants WHERE merchant_id = :id",
    "payment_id": "SELECT id FROM payments WHERE merchant_id = :id AND reference IS NOT NULL",
    "product_id": "SELECT id FROM products WHERE merchant_id = :id",
    "proposal_id": "SELECT id FROM price_proposals WHERE merchant_id = :id",
    "promo_id": "SELECT id FROM promo_codes WHERE merchant_id = :id",
    "refund_id": "SELECT id FROM refunds WHERE merchant_id = :id",
    "request_id": "SELECT id FROM privacy_requests WHERE merchant_id = :id",
    "scan_id": "SELECT id FROM scans WHERE merchant_id = :id",
    "session_id": "SELECT id FROM booth_sessions WHERE merchant_id = :id",
    "short_id": "SELECT short_id FROM events WHERE merchant_id = :id",
    "trial_id": "SELECT id FROM trial_payments WHERE merchant_id = :id",
    "ticket_id": "SELECT id FROM tickets WHERE merchant_id = :id",
    "trip_id": "SELECT event_id FROM trips WHERE merchant_id = :id",
    "type_id": "SELECT id FROM ticket_types WHERE merchant_id = :id",
    "user_id": "SELECT user_id FROM memberships WHERE merchant_id = :id",
}
# The same for every merchant.
WORDS = {"kind": "terms", "letter": "expired", "language": "en"}
# What forms ask for, so that it is the thing itself that is not found.
FIELDS = {
    "accept": "yes",
    "amount": "1000",
    "is_active": "true",
    "kinds": "order.paid",
    "list": "block",
    "mark": "email",
    "name": "Uji",
    "needed": "true",
    "pieces": "1",
    "price_amount": "1000",
    "reason": "Uji",
    "reference": "BCA 1",
    "role": "staff",
    "seen": "2",
    "status": "closed",
    "verdict": "fine",
}


@dataclass(frozen=True)
class Asked:
    """One way to ask for something of somebody else's."""

    method: str
    template: str
    url: str


def ids(owner: Connection, house: House) -> Things:
    rows = {
        name: owner.execute(text(query), {"id": house.merchant.id}).scalars().all()
        for name, query in THINGS.items()
    }
    return {name: [str(row) for row in found[:2]] for name, found in rows.items()}


def paths(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path below a merchant that names something of the merchant's."""
    for route in list_routes(app):
        names = set(NAME.findall(route.path)) - {"merchant"} - WORDS.keys()
        if route.path.startswith(BASES) and names:
            assert names <= THINGS.keys(), f"{route.path}: say in THINGS where these are kept"
            yield from ((method, route.path) for method in sorted(route.methods - {"HEAD"}))


def every_mixture(app: FastAPI, slug: str, own: Things, theirs: Things) -> Iterator[Asked]:
    """Every path below the merchant of `slug` of which at least one part is the other merchant's."""
    for method, template in paths(app):
        names = [name for name in NAME.findall(template)[1:] if name not in WORDS]
        for sides in product((own, theirs), repeat=len(names)):
            found = [side[name] for side, name in zip(sides, names, strict=True)]
            for index in range(max(map(len, found)) if theirs in sides else 0):
                values = {n: ids[min(index, len(ids) - 1)] for n, ids in zip(names, found, strict=True)}
                yield Asked(method, template, template.format(merchant=slug, **WORDS, **values))


def own_pages(app: FastAPI, slug: str, own: Things) -> list[str]:
    """The control: what is the merchant's own, asked for in the same way, is found."""
    return [
        template.format(merchant=slug, **WORDS, **{name: own[name][0]})
        for method, template in paths(app)
        for name in set(NAME.findall(template)[1:]) - WORDS.keys()
        if method == "GET" and template.count("{") == 2 and not template.endswith("/stream")
    ]


async def ask(client: httpx.AsyncClient, asked: Asked, form: dict[str, str]) -> int:
    """What is answered; with whatever the form needs, so that only the thing itself can be missing."""
    if asked.method == "GET":
        return (await client.get(asked.url)).status_code
    files = {"file": ("a.png", PICTURE, "image/png")} if asked.template.endswith(FILES) else None
    answer = await client.post(asked.url, data=form, files=files, params={"format": "csv"})
    return answer.status_code


@pytest.mark.parametrize("role", ["organizer", "admin"])
async def test_things_of_another_merchant_are_not_found_below_ones_own(
    app, make: Make, database, settings, postgres: Server, database_url, role: str
):
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as owner:
        world = await make_world(make, database, settings.secret, owner)
        own, theirs = ids(owner, world.a), ids(owner, world.b)
    who = {"platform_role": PlatformRole.ADMIN} if role == "admin" else {"merchant": world.a.merchant}
    cookies = await make.session_of(await make.user(**who, role=MerchantRole.ORGANIZER))
    before = contents(postgres, database_url.database)
    slug = world.a.merchant.slug

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
        token = TOKEN.search((await client.get(f"/organizer/{slug}/team")).text)
        assert token is not None
        form = {**FIELDS, "csrf_token": token[1]}
        mine = [(await client.get(page)).status_code for page in own_pages(app, slug, own)]
        answers = {asked: await ask(client, asked, form) for asked in every_mixture(app, slug, own, theirs)}

    assert mine == [200] * len(mine) != []
    assert {(asked.method, asked.template) for asked in answers} == set(paths(app))
    assert [(asked.url, status) for asked, status in answers.items() if status != 404] == []
    assert contents(postgres, database_url.database) == before
