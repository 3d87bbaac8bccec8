"""Every route, pages and back office included, with what nobody would type: an answer, and never our fault."""

import os
import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pesan.identity.states import MerchantRole, PlatformRole
from pesan.kit.ids import new_id
from pesan.orders.states import OrderState
from pesan.web.access import DeclaredRoute, list_routes
from tests.payments.steps import BANK, QRIS, STATIC_QRIS, add_method, send_proof
from tests.storage.files import encoded, picture
from tests.support.booths import book_session, make_place
from tests.support.database import offenders
from tests.support.factories import Make

pytestmark = pytest.mark.timeout(600)
# PESAN_TEST_FUZZ=10000 is what reliability §3 item 96 asks for; the seed makes a failure come again.
REQUESTS = int(os.environ.get("PESAN_TEST_FUZZ", "1200"))
SEED = int(os.environ.get("PESAN_TEST_SEED", "20261121"))
PROOF = encoded(picture(80, 120), "PNG")
STREAMS = {
    "/b/{code}/events",
    "/organizer/{merchant}/events/{short_id}/gates/board/stream",
    "/organizer/{merchant}/review/stream",
}
# It would end the visitor's session, and every later request would be a stranger's.
LAST = {"/backoffice/logout"}

NASTY = [
    "", " ", "'", "''", '"', "' OR 1=1--", "1); DROP TABLE orders;--", "' || pg_sleep(9)--", "\\", "%", "%%", "_",
    "\0", "a\0b", "%00", "%s%n%x", "{0.__class__}", "{event.__class__}", "{{7*7}}", "${7*7}", "<%= 7*7 %>",
    "<script>alert(1)</script>", "javascript:alert(1)", "../../etc/passwd", "..\\..\\", "//evil.example", "\r\nX: y",
    "\x1b[2J", "\u2028", "\u202eabc", "\ufeff", "\u0000\u0001", "e\u0301" * 40, "\U0001f3ab" * 60, "a" * 5_000,
    "0", "-0", "-1", "1", "007", "+5", "1e309", "1e-400", "NaN", "Infinity", "9" * 400, str(2**31), str(2**63),
    str(-(2**63)), "0x10", "1_000", "٣", "½", "1,5", "150.000", "true", "false", "null", "None", "[]", "{}", "on",
    "2026-02-30", "2028-02-29", "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59.999Z", "10000-01-01",
    "2026-13-01T25:61", "-infinity", "infinity", "now", "2026-11-21T10:00+99:99", "2026-11-21T02:30", "24:00",
    "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "#7a4a21", "#", "Asia/Nowhere",
    "\u017f", "İ", "ß" * 130, "AA==", "a.b.c", "=HYPERLINK(1)", "-" * 300, ".", "..", "*", "(" * 200, "xn--", "@",
]  # fmt: skip
QUERY = [
    "cursor",
    "after",
    "q",
    "state",
    "event",
    "from",
    "to",
    "format",
    "price",
    "date_from",
    "date_to",
    "city",
]
QUERY += ["promo", "access", "access_code", "seat", "type", "section", "more", "less"]
QUERY += ["available", "code", "next", "lang", "theme", "due", "saved", "limit", "sort_by", "order", "page"]
QUERY += ["day", "at", "gone", "outlet_id", "merchant_id", "starts_from", "starts_before", "search", "status"]
TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data",
    "",
    "é/x",
]
FORMS: dict[str, dict[str, str]] = {
    "/x/{key}/book": {"name": "Siti", "wa": "08123456789", "email": "a@b.id", "notes": "x", "terms": "1.1.1"},
    "/pay/{code}/method": {"method_id": "x", "methodId": "x"},
    "/booths/{key}/book": {"name": "Siti", "at": "2026-12-05T10:00:00Z", "email": "a@b.id", "terms": "1.1.1"},
    "/preferences": {"lang": "en", "theme": "dark", "next": "/"},
    "/backoffice/login": {"email": "a@b.id", "password": "x", "next": "/"},
    "/backoffice/account": {"current": "x", "new": "x"},
    "/organizer/{merchant}/brand": {
        "name": "Kopi", "accent": "#7a4a21", "zone": "Asia/Jakarta", "contact_email": "a@b.id",
        "contact_wa": "08123456789",
    },
    "/organizer/{merchant}/events": {
        "title": "Pentas", "starts_at": "2027-06-01T19:00", "ends_at": "2027-06-01T21:00", "capacity": "10",
        "price": "150.000", "hold_ratio": "30", "hold_minutes": "15", "max_per_order": "1", "review_cap": "5",
        "sale_opens_at": "", "sale_closes_at": "", "venue": "x", "address": "x", "city": "x", "summary": "x",
        "description": "x", "max_holds_per_contact": "2", "max_holds_per_ip": "5", "methods": "x", "certificate": "on",
    },
    "/organizer/{merchant}/payment-methods/bank": {
        "bank_name": "BCA", "account_no": "1234567890", "account_holder": "Siti", "display_name": "BCA",
    },
    "/organizer/{merchant}/payment-methods/qris": {"qris_payload": STATIC_QRIS, "payload": STATIC_QRIS},
}  # fmt: skip
FORMS["/organizer/{merchant}/events/{short_id}"] = FORMS["/organizer/{merchant}/events"]
# What the booth desk's routes take, most of which read nothing but JSON.
DOCUMENTS: dict[str, dict[str, Any]] = {
    "/booking": {
        "outlet_id": "x", "booking_time": "2026-12-05T10:00:00+07:00", "walk_in": False, "paid_in_cash": False,
        "name": "Siti", "email": "a@b.id",
    },
    "/session/{id}/override": {"status": "OVERRIDDEN", "reason": "x"},
    "/session/{id}/override/undo": {"reason": "x"},
    "/outlets": {
        "name": "Booth Kota", "location": "x", "zone": "Asia/Jakarta", "price_amount": 50_000,
        "reschedule_minutes": 60, "is_open": True, "hours": [{"weekday": 0, "opens": "09:00", "closes": "21:00"}],
    },
    "/outlets/{outlet_id}/booths": {"name": "Booth 9"},
    "/outlets/{outlet_id}/booths/{booth_id}": {"name": "Booth 8", "is_closed": False},
    "/admin-users": {"email": "a@b.id", "role": "admin", "outlet_id": "x"},
    "/admin-users/{user_id}": {"role": "admin", "outlet_id": "x"},
    "/config/system": {"session_duration_minutes": 15, "arrival_tolerance_minutes": 15},
}  # fmt: skip
DOCUMENTS["/outlets/{outlet_id}"] = DOCUMENTS["/outlets"]
REASONED = {"reason": "Nominal tidak sesuai", "reason_code": "amount", "status": "closed"}


@dataclass
class Fuzzer:
    """Makes requests about things that are there, with one or more parts that should not be."""

    chance: random.Random
    names: dict[str, list[str]]
    tokens: dict[str, str] = field(default_factory=dict)

    def nasty(self) -> str:
        return self.chance.choice(NASTY)

    def address(self, route: DeclaredRoute) -> str:
        """The route's path, every fourth name in it replaced."""
        parts = []
        for part in route.path.split("/"):
            if not part.startswith("{"):
                parts.append(part)
                continue
            known = self.names.get(part[1:-1].split(":")[0], ["x"])
            value = self.nasty() if self.chance.random() < 0.25 else self.chance.choice(known)
            parts.append(quote(value.encode("utf-8", "surrogatepass"), safe=""))
        query = {self.chance.choice(QUERY): self.nasty() for _ in range(self.chance.randrange(3))}
        written = "&".join(f"{name}={quote(value.encode(), safe='')}" for name, value in query.items())
        return "/".join(parts) + (f"?{written}" if written else "")

    def body(self, route: DeclaredRoute, role: str) -> dict[str, Any]:
        """A form, a JSON document, files, or bytes under any name."""
        form = {**FORMS.get(route.path, REASONED), "idempotency_key": str(new_id())}
        for name in self.chance.sample(sorted(form), k=self.chance.randrange(1, 3)):
            form[name] = self.nasty()
        form["csrf_token"] = self.tokens.get(role, "")
        kind, asked = self.chance.randrange(6), DOCUMENTS.get(route.path)
        if kind == 0 or (asked and kind > 2):
            return {"json": self.document(asked)}
        if kind == 1:
            name = self.nasty().encode("utf-8", "replace").decode() or "x"
            content = self.chance.choice([PROOF, b"", b"%PDF-1.4", self.chance.randbytes(300)])
            return {"files": {"file": (name, content, "image/png")}, "data": form}
        if kind == 2:
            content = self.chance.randbytes(self.chance.randrange(200))
            return {"content": content, "headers": {"content-type": self.chance.choice(TYPES).encode()}}
        return {"data": form}

    def document(self, asked: dict[str, Any] | None) -> Any:
        """What a program might send that has a bug."""
        fields = (
            {**asked}
            if asked
            else {
                "eventId": self.chance.choice(self.names["eventId"]),
                "methodId": self.chance.choice(self.names["method_id"]),
                "name": "Siti Aminah",
                "qty": 1,
                "payload": "x",
            }
        )
        if "outlet_id" in fields:
            fields["outlet_id"] = self.chance.choice(self.names["outlet_id"])
        values: list[Any] = [self.nasty(), -1, 2**70, 1.5, None, True, [], {}, [[[]]], {"a": self.nasty()}]
        fields[self.chance.choice([*fields, "wa", "email", "notes"])] = self.chance.choice(values)
        return self.chance.choice([fields, fields, fields, [fields], "x", None, 5])


async def make_names(make: Make, database, merchant) -> dict[str, list[str]]:
    """What is there: an event on sale, a draft, ways to pay, a booking in every state that one can be in."""
    event, draft = await make.event(merchant, capacity=10_000), await make.event(merchant, status="draft")
    methods = [await add_method(database, merchant.id, kind) for kind in (BANK, QRIS)]
    states = (OrderState.HOLD, OrderState.REVIEW, OrderState.PAID, OrderState.COMPLETED, OrderState.REJECTED)
    orders = [await make.order(event, state=state) for state in states for _ in range(3)]
    await send_proof(make, orders[0])
    place = await make_place(make, database, merchant, booths=2)
    sessions = [await book_session(make, database, place, in_minutes=60 * hours) for hours in (1, 2)]
    return {
        "merchant": [merchant.slug],
        "slug": [merchant.slug],
        "key": [f"{one.slug}-{one.short_id}" for one in (event, draft, place.event)],
        "short_id": [event.short_id, draft.short_id],
        "eventId": [str(event.id), str(draft.id)],
        "id": [str(one.id) for one in (*orders, *sessions, event)],
        "outlet_id": [str(place.id)],
        "booth_id": [str(booth.id) for booth in place.booths],
        "session_id": [str(session.id) for session in sessions],
        "user_id": [str((await make.user(merchant)).id)],
        "code": [order.code for order in orders],
        "method_id": [str(method.id) for method in methods],
        "job_id": ["1", "999999"],
        "token": ["x", "a.b"],
    }


async def cookies_of(make: Make, merchant, names: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    codes = {"pesan_codes": ".".join(names["code"]), "pesan_guest": "a" * 32}
    people = {
        "guest": {},
        "staff": await make.session_of(await make.user(merchant, MerchantRole.STAFF)),
        "organizer": await make.session_of(await make.user(merchant, MerchantRole.ORGANIZER)),
        "admin": await make.session_of(await make.user(platform_role=PlatformRole.ADMIN)),
    }
    return {role: {**codes, **cookies} for role, cookies in people.items()}


async def token_for(client: httpx.AsyncClient, role: str) -> str:
    page = (await client.get("/backoffice/login" if role == "guest" else "/backoffice/account")).text
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


async def test_no_request_is_answered_as_our_fault(app, make: Make, database):
    chance = random.Random(SEED)
    merchant = await make.merchant(slug="kopi-senja")
    names = await make_names(make, database, merchant)
    fuzzer = Fuzzer(chance, names)
    routes = [route for route in list_routes(app) if route.path not in STREAMS | LAST]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    clients = {
        role: httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies, timeout=30)
        for role, cookies in (await cookies_of(make, merchant, names)).items()
    }
    fuzzer.tokens = {role: await token_for(client, role) for role, client in clients.items()}
    faults, statuses, before = [], set(), await offenders(database)
    for _ in range(REQUESTS):
        route, role = chance.choice(routes), chance.choice(list(clients))
        method = chance.choice(sorted(route.methods - {"HEAD"}))
        address = fuzzer.address(route)
        what = {} if method == "GET" else fuzzer.body(route, role)
        answer = await clients[role].request(method, address, **what)
        statuses.add(answer.status_code)
        if answer.status_code >= 500 or "Traceback" in answer.text:
            faults.append((role, method, route.path, address, what, answer.status_code))
    for client in clients.values():
        await client.aclose()

    assert faults == []
    assert {200, 303, 400, 404, 409, 422} <= statuses
    assert (
        await offenders(database) == before
    )  # orders that were made paid or done have neither money nor tickets
