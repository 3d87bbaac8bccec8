"""Consents by the API: only what a buyer agreed to, to the notice in force, written with the order or not at all."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from pesan.privacy.models import Consent
from pesan.tenancy.legal.queries import list_current
from pesan.tenancy.legal.service import publish
from pesan.tenancy.legal.states import LegalKind
from pesan.tenancy.models import Merchant
from tests.storefront.shop import Shop, new_key, problem
from tests.support.factories import SYSTEM

AGREED = [{"purpose": "marketing", "version": 1}]
BUYER = {"name": "Siti Nurhaliza", "email": "siti@contoh.id"}


async def hold(shop: Shop, **fields: Any) -> httpx.Response:
    return await shop.hold(email=BUYER["email"], **fields)


async def order(shop: Shop, *, key: str = "", **fields: Any) -> httpx.Response:
    body = {"event_id": str(shop.event.id), "items": [{"qty": 1}], "buyer": BUYER, **fields}
    headers = {"idempotency-key": key} if key else {}
    return await shop.guest.post("/v1/orders", json=body, headers=headers)


async def consents(shop: Shop) -> list[Consent]:
    async with shop.database.read(SYSTEM) as session:
        return list(await session.scalars(select(Consent)))


async def change_notice(shop: Shop) -> None:
    async with shop.database.write(SYSTEM) as session:
        row = await session.get_one(Merchant, shop.merchant.id)
        await publish(session, row, kind=LegalKind.PRIVACY, body_id="Baru.", body_en="New.", actor=SYSTEM)


@pytest.mark.parametrize(("place", "named"), [(hold, "id"), (order, "order_id")])
async def test_a_consent_is_written_with_its_text_and_where_it_was_given(shop: Shop, place: Any, named: str):
    answer = await place(shop, consents=AGREED)

    (given,) = await consents(shop)
    async with shop.database.read(SYSTEM) as session:
        notice = (await list_current(session, shop.merchant.id))[LegalKind.PRIVACY]
    assert (answer.status_code, answer.json()[named]) == (201, str(given.order_id))
    assert (given.purpose, given.channel, given.version_id, given.withdrawn_at) == (
        "marketing",
        "api",
        notice.id,
        None,
    )


@pytest.mark.parametrize("place", [hold, order])
async def test_whoever_names_no_consent_gave_none(shop: Shop, place: Any):
    answers = [await place(shop), await place(shop, consents=[])]

    assert ([answer.status_code for answer in answers], await consents(shop)) == ([201, 201], [])


@pytest.mark.parametrize("place", [hold, order])
@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ([{"purpose": "profiling", "version": 1}], (422, "validation")),
        ([{"purpose": "marketing"}], (422, "validation")),
        ([{"purpose": "marketing", "version": True}], (422, "validation")),
        (AGREED * 2, (422, "validation")),
        (True, (422, "validation")),
        ([{"purpose": "marketing", "version": 2}], (409, "privacy.notice_not_in_force")),
    ],
)
async def test_what_nobody_can_agree_to_is_refused_and_nothing_is_held(
    shop: Shop, place: Any, asked: Any, refusal: tuple[int, str]
):
    before = await shop.facts()

    answer = await place(shop, consents=asked)

    assert (problem(answer), await shop.facts(), await consents(shop)) == (refusal, before, [])


@pytest.mark.parametrize("place", [hold, order])
async def test_a_notice_that_changed_is_asked_for_again_but_not_by_a_repetition(shop: Shop, place: Any):
    key = new_key()
    first = await place(shop, key=key, consents=AGREED)
    await change_notice(shop)

    again, other = (
        await place(shop, key=key, consents=AGREED),
        await place(shop, key=new_key(), consents=AGREED),
    )

    assert (again.status_code, again.content) == (201, first.content)
    assert (problem(other), other.json()["version"]) == ((409, "privacy.notice_not_in_force"), 2)
    assert len(await consents(shop)) == 1


async def test_an_event_says_what_may_be_agreed_to_and_where_it_is_written(shop: Shop):
    answer = await shop.guest.get(f"/api/items/{shop.event.id}/consents")

    (offered,) = answer.json()["consents"]
    assert (offered["purpose"], offered["version"]) == ("marketing", 1)
    assert offered["noticeUrl"].endswith(f"/m/{shop.merchant.slug}/legal/privacy?version=1")
    assert (await shop.guest.get(httpx.URL(offered["noticeUrl"]).raw_path.decode())).status_code == 200
    assert (await shop.guest.get(f"/api/items/{shop.merchant.id}/consents")).status_code == 404
