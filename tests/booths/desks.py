"""A person at an outlet's desk, over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx

from pesan.db import Database
from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from tests.support.booths import Place
from tests.support.factories import PASSWORD, SYSTEM, Make

Headers = Mapping[str, str]


async def sign_in(
    client: httpx.AsyncClient,
    make: Make,
    database: Database,
    place: Place,
    *,
    role: MerchantRole = MerchantRole.STAFF,
    outlets: Sequence[UUID] | None = None,
) -> Headers:
    """The headers of a program of somebody who works for the place's merchant, or for some outlets of its."""
    user = await make.user()
    async with database.write(SYSTEM) as session:
        await set_membership(
            session,
            user_id=user.id,
            merchant_id=place.event.merchant_id,
            role=role,
            event_ids=outlets,
            actor=SYSTEM,
        )
    answer = await client.post("/api/auth/login", json={"email": user.email, "password": PASSWORD})
    client.cookies.clear()
    return {"authorization": f"Bearer {answer.json()['token']}"}


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]
