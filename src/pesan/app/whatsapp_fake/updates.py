"""The bodies of webhooks, byte for byte as the real service writes them (protocols.md §6.2 to §6.4)."""

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Any

from pesan.app.whatsapp_fake.terms import Number, Terms

CHANGES_AN_ENTRY = 100
MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Update:
    """One thing to tell. `key` keeps what belongs to one customer in order; `part` is the list that `item` joins."""

    field: str
    part: str
    item: dict[str, Any]
    number: Number | None = None
    contact: dict[str, Any] | None = None
    key: str = ""


def write_body(terms: Terms, updates: list[Update]) -> bytes:
    """One POST: neighbours of one number and kind share a `value`, as the real service groups them."""
    changes = [_change(list(group)) for _, group in groupby(updates, key=_grouping)]
    cuts = range(0, len(changes), CHANGES_AN_ENTRY)
    entries = [{"id": terms.business_id, "changes": changes[cut : cut + CHANGES_AN_ENTRY]} for cut in cuts]
    body = {"object": "whatsapp_business_account", "entry": entries}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def sign(body: bytes, secret: str) -> dict[str, str]:
    """The headers of a POST: its signature is over these very bytes."""
    digest = hmac.new(secret.encode(), body, sha256).hexdigest()
    return {
        "content-type": "application/json",
        "user-agent": "facebookexternalua",
        "x-hub-signature-256": f"sha256={digest}",
    }


def _grouping(update: Update) -> tuple[str, str, str]:
    # What has no list of its own is told alone.
    return (update.field, update.part or str(id(update)), update.number.id if update.number else "")


def _change(updates: list[Update]) -> dict[str, Any]:
    first = updates[0]
    if not first.part:
        return {"value": first.item, "field": first.field}
    value: dict[str, Any] = {"messaging_product": "whatsapp"}
    if first.number:
        value["metadata"] = {
            "display_phone_number": first.number.display,
            "phone_number_id": first.number.id,
        }
    if contacts := _contacts(updates):
        value["contacts"] = contacts
    value[first.part] = [update.item for update in updates]
    return {"value": value, "field": first.field}


def _contacts(updates: Iterable[Update]) -> list[dict[str, Any]]:
    by_user = {update.contact["user_id"]: update.contact for update in updates if update.contact}
    return list(by_user.values())
