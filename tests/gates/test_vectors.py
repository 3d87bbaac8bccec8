"""The vectors that the browser passes too: what is read out of a code, and what a gate says of it."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from pesan.gates.states import Direction, Reason, Reentry, StaticCodes
from pesan.gates.verdict import Rules, Shown, Standing, judge
from pesan.tickets.keys import Algorithm, VerifyingKey
from pesan.tickets.models import Ticket
from pesan.tickets.states import Reason as ReadReason
from pesan.tickets.verify import Presented, read_presented
from tests.gates import vectors
from tests.gates.vectors import EVENT, PATH, SLICES, UNHEARD, digest_of
from tests.tickets.makers import unb64

if os.environ.get("PESAN_TEST_WRITE"):
    PATH.write_text(vectors.written())
VECTORS: dict[str, Any] = json.loads(PATH.read_text())
BUNDLE = VECTORS["bundle"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ring:
    """The keys of the vectors, found as the server finds its own."""

    def __init__(self) -> None:
        self._keys = [
            VerifyingKey(uuid4(), key["kid"], bytes.fromhex(key["qr_kid"]), Algorithm.EDDSA, unb64(key["x"]))
            for key in VECTORS["keys"]
        ]

    async def find(self, kid: str) -> VerifyingKey | None:
        return next((key for key in self._keys if key.kid == kid), None)

    async def find_short(self, qr_kid: bytes) -> VerifyingKey | None:
        return next((key for key in self._keys if key.qr_kid == qr_kid), None)


def test_file_is_the_one_that_is_made_here():
    assert PATH.read_text() == vectors.written()


@pytest.mark.parametrize("vector", VECTORS["codes"], ids=lambda vector: vector["name"])
async def test_code_is_read_as_promised(vector: dict[str, Any]):
    presented = await read_presented(Ring(), vector["text"])

    shown, ticket_id = place(presented, vector["at_s"], vector["error_s"])
    found = {name: getattr(shown, name) for name in vector["expect"] if name != "tid"}
    assert found | {"tid": ticket_id and str(ticket_id)} == vector["expect"]


def place(presented: Presented | ReadReason, at: int, error: float) -> tuple[Shown, UUID | None]:
    """What the bundle makes of a code that the server's own readers have read."""
    if not isinstance(presented, Presented):
        is_readable = presented is not ReadReason.UNREADABLE
        return Shown(is_readable=is_readable, is_ours=False, is_known=False), None
    if presented.issued_at > retired_at(presented.kid):
        return Shown(is_ours=False, is_known=False), None
    rows = {UUID(bytes=unb64(row[0])): row for row in BUNDLE["tickets"]}
    digest = digest_of(presented.code) if presented.code else None
    typed = next((ticket_id for ticket_id, row in rows.items() if row[1] == digest), None)
    ticket_id = presented.ticket_id or typed
    row = rows.get(ticket_id) if ticket_id else None
    is_sold_since = presented.issued_at > UNHEARD or presented.event_id == EVENT
    return Shown(
        is_known=row is not None or is_sold_since,
        # Of a code that nobody has there is nothing to look at.
        is_listed=row is not None or ticket_id is None,
        is_void=row is not None and bool(row[6] & 1),
        is_superseded=row is not None and presented.epoch is not None and presented.epoch < row[5],
        is_live=presented.slice_code is not None,
        is_stale=is_stale(presented, at) and is_stale(presented, at + error),
    ), ticket_id


def retired_at(kid: str | None) -> float:
    """When a key stopped signing; never, for one that still does and for no key at all."""
    found = next((key["retired_at_s"] for key in BUNDLE["keys"] if key["kid"] == kid), None)
    return float("inf") if found is None else found


def is_stale(presented: Presented, at: float) -> bool:
    """Whether a rotating code's time is over."""
    if presented.slice_code is None:
        return False
    ticket = Ticket(id=presented.ticket_id, event_id=EVENT, epoch=presented.epoch)
    return not SLICES.accepts(ticket, presented.slice_code, datetime.fromtimestamp(at, UTC))


@pytest.mark.parametrize("vector", VECTORS["verdicts"], ids=lambda vector: vector["expect"]["reason"])
def test_verdict_is_as_promised(vector: dict[str, Any]):
    given = vector["rules"]
    rules = Rules(
        opens_at=datetime.fromisoformat(given["opens_at"]),
        closes_at=datetime.fromisoformat(given["closes_at"]),
        reentry=Reentry(given["reentry"]),
        static_codes=StaticCodes(given["static_codes"]),
    )
    at = EPOCH + timedelta(milliseconds=vector["at_ms"])
    direction = Direction(vector["direction"])

    verdict = judge(Shown(**vector["shown"]), rules, Standing(**vector["standing"]), direction, at)

    found = {"result": verdict.result, "reason": verdict.reason, "is_warning": verdict.is_warning}
    assert found == vector["expect"]


def test_every_reason_of_the_judge_has_a_vector():
    # Of a ticket that nobody knows there is nothing to judge.
    named = {vector["expect"]["reason"] for vector in VECTORS["verdicts"]}

    assert named == {reason.value for reason in Reason} - {Reason.UNKNOWN}
