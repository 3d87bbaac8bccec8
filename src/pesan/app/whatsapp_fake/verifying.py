"""The handshake with which a webhook proves that it is the business's (protocols.md §6.1)."""

from secrets import randbelow
from typing import Any

import httpx

from pesan.app.whatsapp_fake.business import Business


async def verify(business: Business) -> dict[str, Any]:
    """Whether the webhook answers the challenge, and nothing but it, with 200."""
    challenge = str(randbelow(10**10))
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": challenge,
        "hub.verify_token": business.terms.verify_token,
    }
    try:
        answer = await business.postman.http.get(business.postman.url, params=asked)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return {"status": 0, "is_verified": False, "why": type(error).__name__}
    is_verified = answer.status_code == httpx.codes.OK and answer.text == challenge
    return {"status": answer.status_code, "is_verified": is_verified}
