"""The key by which a merchant's own program confirms payments. A secret is shown once, when it is made."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.kit.i18n import Text
from pesan.payments.gateways.confirm_keys import find_key, list_messages, renew_secret, revoke_key
from pesan.payments.gateways.confirmations import Verdict
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways
from pesan.payments.gateways.settle import Outcome
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/confirmations", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(revoked)?$")]
_SECTION = "methods"
# By then all of a message's tries are over.
_TRIED_FOR = timedelta(minutes=10)
_VERDICTS = {
    Verdict.APPROVED: Text(id="Uang masuk", en="Money came"),
    Verdict.REJECTED: Text(id="Bukti ditolak", en="Proof refused"),
}
_OUTCOMES = {
    Outcome.SETTLED: Text(id="Uangnya tercatat", en="The money is in the books"),
    Outcome.REFUSED: Text(id="Bukti transfernya ditolak", en="The proof was refused"),
    Outcome.NOTHING: Text(id="Tidak ada yang berubah", en="Nothing changed"),
    Outcome.FLAGGED: Text(
        id="Perlu dilihat di Penyedia pembayaran", en="Needs a look under Payment providers"
    ),
    Outcome.DUPLICATE: Text(
        id="Rujukan ini milik uang lain yang sudah tercatat", en="Other money has this reference already"
    ),
    Outcome.UNKNOWN: Text(id="Pesanan tidak ditemukan", en="No such booking"),
}
_WAITING = Text(id="Sedang diproses", en="Being settled")
_FAILED = Text(
    id="Gagal diproses; pengelola situs bisa mengulanginya",
    en="Could not be settled; whoever runs this site can try it again",
)


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message and what came of it; with a path where there is such a booking."""

    verdict: Text
    booking: str
    booking_path: str
    reference: str
    words: Text
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmationsPage:
    """The key without anything that is secret, and its last messages."""

    path: str
    url: str
    key_id: str
    is_active: bool
    messages: list[MessageRow]
    secret: str = ""
    problem: str = ""
    done: str = ""


@router.get("")
async def show_confirmations(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The merchant's key and what came by it last."""
    return await _page(desk, merchant, done=done)


@router.post("/secret", dependencies=[require_csrf])
async def submit_secret(desk: DeskOf, merchant: str) -> Response:
    """Make the key, or a new secret of it: shown on this answer alone; the one before is good for a day."""
    async with desk.reading(_SECTION, merchant, may_manage) as room:
        merchant_id = room.shop.id
    try:
        secret = await renew_secret(desk.registry[Gateways], merchant_id=merchant_id, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return await _page(desk, merchant, secret=secret)


@router.post("/revoke", dependencies=[require_csrf])
async def submit_revocation(desk: DeskOf, merchant: str) -> Response:
    """Believe no message by any of its secrets any more."""
    try:
        async with desk.writing(merchant, may_manage) as work:
            gateways, shop_id = desk.registry[Gateways], work.shop.id
            await revoke_key(work.session, gateways, merchant_id=shop_id, actor=desk.actor)
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/confirmations?done=revoked")


async def _page(
    desk: Desk, merchant: str, *, refusal: PesanError | None = None, secret: str = "", done: str = ""
) -> Response:
    async with desk.reading(_SECTION, merchant, may_manage) as room:
        key = await find_key(room.session, room.shop.id)
        messages = await list_messages(room.session, key.id) if key else ()
        page = ConfirmationsPage(
            path=f"{room.shop.path}/confirmations",
            url=f"{desk.registry[Gateways].base_url}/payment/confirm",
            key_id=str(key.id) if key else "",
            is_active=_is_active(key),
            messages=[_row(message, room.shop.path) for message in messages],
            secret=secret,
            problem=refusal.text(desk.locale) if refusal else "",
            done=done,
        )
        status = refusal.status if refusal else 200
        answer = desk.page(room.chrome, "confirmations", {"page": page}, status=status)
    if secret:
        answer.headers["cache-control"] = "no-store"
    return answer


def _is_active(key: GatewayAccount | None) -> bool:
    return key is not None and key.is_active


def _row(message: WebhookEvent, shop_path: str) -> MessageRow:
    booking = message.reference or ""
    is_known = message.outcome not in {None, Outcome.UNKNOWN}
    return MessageRow(
        verdict=_VERDICTS[Verdict(message.kind)],
        booking=booking,
        booking_path=f"{shop_path}/bookings/{booking}" if is_known else "",
        reference=message.provider_ref or "",
        words=_words(message),
        received_at=message.received_at,
    )


def _words(message: WebhookEvent) -> Text:
    if message.outcome is not None:
        return _OUTCOMES[Outcome(message.outcome)]
    return _FAILED if datetime.now(UTC) - message.received_at > _TRIED_FOR else _WAITING
