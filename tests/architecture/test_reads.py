"""Looking changes nothing: no GET of any route, by anybody, about anything there is, leaves a trace in the data."""

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import SecretStr

from pesan.identity.states import MerchantRole, PlatformRole
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tenancy.models import Merchant
from pesan.web.access import DeclaredRoute, list_routes
from tests.payments.steps import BANK, add_method, choose, send_proof
from tests.support.booths import book_session, make_place
from tests.support.factories import SYSTEM, Make
from tests.support.postgres import Server
from tests.support.trips import make_journey

# Counters, and when a session was last seen: neither is what a visitor came to change.
NOT_DATA = {"rate_counters", "sessions", "shortlink_visits"}
STREAMS = {
    "/b/{code}/events",
    "/booths/bookings/{code}/events",
    "/jastip/{merchant}/trips/{trip_id}/broadcasts/stream",
    "/organizer/{merchant}/events/{short_id}/gates/board/stream",
    "/organizer/{merchant}/review/stream",
    "/v1/gates/stream",
}
SECRETS = {
    name: SecretStr(f"canary-{name}") for name in ("wa_access_token", "wa_app_secret", "wa_verify_token")
}
ROLES = ("guest", "staff", "organizer", "admin")


def contents(server: Server, database: str) -> dict[str, str]:
    """A digest of every row of every table."""
    with server.connect(database) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        digest = "SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {} t"
        found = {}
        for name in sorted(set(names) - NOT_DATA):
            row = connection.execute(digest.format(name).encode()).fetchone()
            assert row is not None
            found[name] = row[0]
        return found


@dataclass
class Scene:
    """A merchant with bookings on their way, and what the addresses of all of it are made of."""

    merchant: Merchant
    names: dict[str, str]
    codes: list[str]
    outlet: str
    # Addresses that only make sense of an outlet.
    desk: list[str]

    def addresses(self, routes: list[DeclaredRoute]) -> list[str]:
        """Every GET of the app, about every booking."""
        found = []
        for route in routes:
            if "GET" in route.methods and route.path not in STREAMS:
                codes = self.codes if "{code}" in route.path else [""]
                path = route.path.replace("{key:path}", "x").replace(
                    "/booths/{key}", f"/booths/{self.outlet}"
                )
                found += [path.format_map({**self.names, "code": code}) for code in codes]
        return found + self.desk


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An instance with an account at WhatsApp, of which no page and no answer tells."""
    return settings.model_copy(update={"wa_phone_id": "106540352242922", **SECRETS})


@pytest.fixture
async def scene(make: Make, database, settings) -> Scene:
    merchant = await make.merchant(slug="kopi-senja")
    method = await add_method(database, merchant.id, BANK)
    event = await make.event(merchant)
    offer = await make.ticket_type(await make.event(merchant))
    held, reviewed = await make.order(event), await make.order(event)
    done = await make.order(event, state=OrderState.COMPLETED)
    await choose(database, held, method.id)
    await send_proof(make, reviewed)
    place = await make_place(make, database, merchant)
    session_ = await book_session(make, database, place)
    journey = await make_journey(make, database, settings, merchant)
    names = {
        "merchant": merchant.slug,
        "slug": merchant.slug,
        "short_id": event.short_id,
        "key": f"{event.slug}-{event.short_id}",
        "eventId": str(event.id),
        "id": str(event.id),
        "type_id": str(offer.id),
        "line_id": str(event.id),
        "trial_id": str(event.id),
        "ticket_id": str(event.id),
        "gate_id": str(event.id),
        "outlet_id": str(place.id),
        "session_id": str(session_.id),
        "trip_id": str(journey.id),
        "product_id": str(event.id),
        "booth_id": str(session_.booth_id),
        "device_id": str(event.id),
        "scan_id": str(event.id),
        "rating_id": str(event.id),
        "letter": "expired",
        "language": "en",
        "token": "x",
        "reference": "x",
        "kind": "terms",
    }
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    desk = [f"/outlets/{place.id}/slots?day={day}", f"/session/{session_.id}/status"]
    async with database.read(SYSTEM) as session:
        booked = await session.get_one(Order, session_.id)
    codes = [held.code, reviewed.code, done.code, booked.code]
    return Scene(merchant, names, codes, f"{place.event.slug}-{place.event.short_id}", desk)


async def cookies_of(make: Make, scene: Scene, role: str) -> dict[str, str]:
    """Somebody in that role, who holds the codes of every booking too."""
    codes = {"pesan_codes": ".".join(scene.codes)}
    if role == "guest":
        return codes
    if role == "admin":
        return codes | await make.session_of(await make.user(platform_role=PlatformRole.ADMIN))
    return codes | await make.session_of(await make.user(scene.merchant, MerchantRole(role)))


# Hundreds of pages, one after the other: minutes on a machine that does much else.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ROLES)
async def test_no_get_changes_anything(
    app, make: Make, postgres: Server, database_url, scene: Scene, role: str
):
    cookies = await cookies_of(make, scene, role)
    before = contents(postgres, database_url.database)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", cookies=cookies) as client:
        answers = [await client.get(address) for address in scene.addresses(list_routes(app))]

    after = contents(postgres, database_url.database)
    assert [name for name in before if before[name] != after[name]] == []
    assert [str(answer.url) for answer in answers if answer.status_code >= 500] == []
    assert [str(answer.url) for answer in answers if b"canary-wa" in answer.content] == []
    assert len([answer for answer in answers if answer.status_code == 200]) > len(answers) // 4
