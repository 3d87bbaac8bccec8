"""`POST /api/verify/qr` and the published keys."""

import httpx
import pytest

from pesan.identity.states import MerchantRole
from pesan.orders.models import Order
from pesan.orders.states import OrderState
from pesan.settings import Settings
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.models import Ticket
from pesan.tickets.queries import list_tickets
from pesan.tickets.tokens import read_kid
from pesan.tickets.verify import _WORDS
from tests.storefront.shop import Shop, problem
from tests.support.factories import SYSTEM
from tests.tickets.conftest import issue
from tests.tickets.makers import make_key, make_qr, make_token


async def sold(shop: Shop, **wish) -> tuple[Order, Ticket]:
    """A completed order and its ticket, by the keys of the application itself."""
    order = await shop.make.order(wish.pop("event", shop.event), state=OrderState.PAID, **wish)
    keys = DatabaseKeyStore(shop.database, shop.registry[Settings].secret)  # web may sign nothing
    await issue(shop.database, keys, shop.make, order)
    async with shop.database.read(SYSTEM) as session:
        (ticket,) = await list_tickets(session, order.id)
        return await session.get_one(Order, order.id), ticket


async def ask(client: httpx.AsyncClient, payload: str, **fields) -> dict:
    answer = await client.post("/api/verify/qr", json={"payload": payload, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def said(result: str, message: str) -> dict:
    """The answer to somebody who may not know more."""
    nothing = dict.fromkeys(("code", "number", "holderName", "usedAt"))
    reason = next(reason.value for reason, words in _WORDS.items() if words.id == message)
    return {"result": result, "reason": reason, "message": message, "isLive": False, **nothing}


async def staff_of(shop: Shop, merchant) -> httpx.AsyncClient:
    client = await shop.open_guest()
    client.cookies.update(await shop.make.session_of(await shop.make.user(merchant, MerchantRole.STAFF)))
    return client


@pytest.mark.parametrize("form", ["qr_text", "token", "code"])
async def test_every_form_of_a_good_ticket_is_valid_and_names_nobody(shop: Shop, form):
    _, ticket = await sold(shop, buyer_name="Asep Budiawar")

    assert await ask(shop.guest, getattr(ticket, form)) == said("valid", "Tiket sah.")


async def test_verdict_speaks_the_readers_language(shop: Shop):
    _, ticket = await sold(shop)

    english = await shop.open_guest(locale="en")
    assert (await ask(english, ticket.qr_text))["message"] == "The ticket is valid."


async def test_verifying_changes_nothing(shop: Shop):
    _, ticket = await sold(shop)
    before = await shop.facts()

    answers = [await ask(shop.guest, ticket.qr_text) for _ in range(3)]

    assert answers == [said("valid", "Tiket sah.")] * 3
    assert await shop.facts() == before


async def test_staff_learn_who_and_when(shop: Shop, owner):
    _, ticket = await sold(shop, buyer_name="Asep Budiawar")
    await owner(
        "UPDATE tickets SET state = 'used', used_at = '2026-11-20T12:30:00Z' WHERE id = %s", ticket.id
    )

    answer = await ask(await staff_of(shop, shop.merchant), ticket.qr_text)

    assert answer == {
        "result": "used",
        "reason": "already_used",
        "message": "Tiket ini sudah dipakai masuk.",
        "isLive": False,
        "code": ticket.code,
        "number": 1,
        "holderName": "Asep Budiawar",
        "usedAt": "2026-11-20T12:30:00.000Z",
    }
    assert await ask(shop.guest, ticket.qr_text) == said("used", "Tiket ini sudah dipakai masuk.")


async def test_staff_of_another_merchant_are_told_invalid(shop: Shop):
    _, ticket = await sold(shop)
    stranger = await staff_of(shop, await shop.make.merchant())

    assert await ask(stranger, ticket.qr_text) == said("invalid", "Tiket ini tidak dikenal.")


async def test_void_ticket_is_void(shop: Shop, owner):
    _, ticket = await sold(shop)
    await owner("UPDATE tickets SET state = 'void', voided_at = now() WHERE id = %s", ticket.id)

    assert await ask(shop.guest, ticket.qr_text) == said("void", "Tiket ini sudah dibatalkan.")


async def test_replaced_code_is_void(shop: Shop, owner):
    _, ticket = await sold(shop)
    await owner("UPDATE tickets SET epoch = epoch + 1 WHERE id = %s", ticket.id)

    answer = await ask(shop.guest, ticket.qr_text)

    assert answer == said("void", "Kode ini sudah diganti. Minta pemiliknya membuka tiket terbaru.")


async def test_expired_ticket_is_invalid(shop: Shop, owner):
    _, ticket = await sold(shop)
    await owner(
        "UPDATE tickets SET issued_at = now() - interval '2 s', expires_at = now() - interval '1 s' WHERE id = %s",
        ticket.id,
    )

    assert await ask(shop.guest, ticket.qr_text) == said("invalid", "Masa berlaku tiket sudah habis.")


async def test_ticket_for_another_event_is_told(shop: Shop):
    _, ticket = await sold(shop)
    other = await shop.make.event(shop.merchant)

    assert await ask(shop.guest, ticket.qr_text, eventId=str(other.id)) == said(
        "wrong_event", "Tiket ini untuk acara lain."
    )
    assert (await ask(shop.guest, ticket.qr_text, eventId=str(shop.event.id)))["result"] == "valid"


@pytest.mark.parametrize(
    "payload",
    [
        "",
        " ",
        "x",
        "A" * 10_000,
        "' OR 1=1 --",
        "🎫" * 50,
        "ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
        make_qr(make_key()[0]),
        make_token(make_key()[0]),
        "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJ4In0.",
        "https://contoh.id/b/3FQ7K2M9WXYZ4",
    ],
)
async def test_anything_else_is_invalid(shop: Shop, payload):
    await sold(shop)

    assert (await ask(shop.guest, payload))["result"] == "invalid"


@pytest.mark.parametrize("place", [0, 40, -1])
@pytest.mark.parametrize("form", ["qr_text", "token"])
async def test_altered_ticket_is_invalid(shop: Shop, form, place):
    _, ticket = await sold(shop)
    text = getattr(ticket, form)
    other = "B" if text[place] != "B" else "C"
    altered = text[:place] + other + (text[place + 1 :] if place >= 0 else "")

    assert (await ask(shop.guest, altered))["result"] == "invalid"


async def test_booking_code_is_not_a_ticket(shop: Shop):
    order, _ = await sold(shop)

    assert (await ask(shop.guest, order.code))["result"] == "invalid"


@pytest.mark.parametrize(
    "body",
    [{}, {"payload": None}, {"payload": 5}, {"payload": "x" * 20_001}, {"payload": "x", "eventId": "y"}],
)
async def test_broken_question_is_refused(shop: Shop, body):
    answer = await shop.guest.post("/api/verify/qr", json=body)

    assert problem(answer) == (422, "validation")


async def test_booking_shows_its_ticket_once_it_is_completed(shop: Shop):
    order, ticket = await sold(shop)

    answer = (await shop.guest.get(f"/api/bookings/{order.code}")).json()

    assert answer["state"] == "COMPLETED"
    assert answer["tickets"] == [{"code": ticket.code, "number": 1, "state": "active", "qr": ticket.qr_text}]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the name that readers know today
async def test_published_keys_verify_a_ticket_without_us(shop: Shop):
    from joserfc import jwt
    from joserfc.jwk import KeySet

    _, ticket = await sold(shop)

    answer = await shop.guest.get("/.well-known/jwks.json")

    (key,) = answer.json()["keys"]
    assert {**key, "x": ""} == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "",
        "kid": read_kid(ticket.token),
        "alg": "EdDSA",
        "use": "sig",
    }
    assert answer.headers["cache-control"] == "public, max-age=300"
    claims = jwt.decode(
        ticket.token, KeySet.import_key_set(answer.json()), algorithms=["EdDSA", "Ed25519"]
    ).claims
    assert claims["tid"] == str(ticket.id)


async def test_keys_that_are_secret_are_not_published(shop: Shop, owner):
    event = await shop.make.event()
    await owner("UPDATE merchants SET ticket_key_alg = 'HS256' WHERE id = %s", event.merchant_id)
    _, ticket = await sold(shop, event=event)

    assert (await shop.guest.get("/.well-known/jwks.json")).json() == {"keys": []}
    assert (await ask(shop.guest, ticket.qr_text))["result"] == "valid"
