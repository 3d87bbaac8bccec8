"""Is this a ticket, and does it still admit? Reads, never consumes."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from pesan.catalog.models import Event
from pesan.catalog.states import EventStatus
from pesan.db import Actor, ActorKind, Database, ReadSession
from pesan.kit.i18n import Locale, Text
from pesan.kit.ids import ALPHABET, TICKET_CODE_LENGTH, normalise_code
from pesan.tickets import qr, tokens
from pesan.tickets.keystore import KeyStore
from pesan.tickets.models import SigningKey, Ticket
from pesan.tickets.queries import find_replaced
from pesan.tickets.slices import Slices
from pesan.tickets.states import RESULTS, Reason, Result, TicketState, expires_at

_TYPED_CODE_LENGTH = 2 * TICKET_CODE_LENGTH
_TOKEN_START = "eyJ"  # noqa: S105  every JOSE header begins so, and no Base45 text can: it has no lower case

_WORDS = {
    Reason.GOOD: Text(id="Tiket sah.", en="The ticket is valid."),
    Reason.UNREADABLE: Text(id="Ini bukan kode tiket.", en="This is not a ticket code."),
    Reason.FORGED: Text(id="Kode ini tidak dibuat oleh kami.", en="This code was not made by us."),
    Reason.UNKNOWN: Text(id="Tiket ini tidak dikenal.", en="This ticket is not known."),
    Reason.EXPIRED: Text(id="Masa berlaku tiket sudah habis.", en="The ticket has expired."),
    Reason.VOIDED: Text(id="Tiket ini sudah dibatalkan.", en="This ticket was cancelled."),
    Reason.EVENT_CANCELLED: Text(id="Acara ini dibatalkan.", en="This event was cancelled."),
    Reason.SUPERSEDED: Text(
        id="Kode ini sudah diganti. Minta pemiliknya membuka tiket terbaru.",
        en="This code was replaced. Ask its owner to open the latest ticket.",
    ),
    Reason.SLICE_OVER: Text(
        id="Kode di layar ini sudah berganti. Minta pemiliknya memuat ulang halaman tiketnya.",
        en="The code on this screen has moved on. Ask its owner to reload the page of their ticket.",
    ),
    Reason.OTHER_EVENT: Text(id="Tiket ini untuk acara lain.", en="This ticket is for another event."),
    Reason.ALREADY_USED: Text(id="Tiket ini sudah dipakai masuk.", en="This ticket was already used."),
}


@dataclass(frozen=True, slots=True)
class Presented:
    """What somebody shows, with its signature checked: a ticket by its id, or by its code alone.

    `kid` names the key that signed it, `issued_at` is what it says itself, in seconds of the epoch, and `slice_code`
    is there for a code that rotates on a screen.
    """

    ticket_id: UUID | None = None
    code: str | None = None
    merchant_id: UUID | None = None
    event_id: UUID | None = None
    epoch: int | None = None
    kid: str | None = None
    issued_at: int = 0
    slice_code: bytes | None = None

    @property
    def identity(self) -> str:
        """Which ticket it says it is."""
        return str(self.ticket_id or self.code)


@dataclass(frozen=True, slots=True)
class Staffed:
    """What staff of the ticket's merchant see besides: who and when."""

    ticket_id: UUID
    event_id: UUID
    order_id: UUID
    code: str
    number: int
    holder_name: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    voided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer; `details` only for staff of the ticket's merchant. `at` is the database's time.

    `is_live` says that it was shown by a code that rotates, which a picture or a print is not.
    """

    reason: Reason
    details: Staffed | None = None
    at: datetime | None = None
    is_live: bool = False

    @property
    def result(self) -> Result:
        """One of the five documented answers."""
        return RESULTS[self.reason]

    def text(self, locale: Locale) -> str:
        """The answer as a sentence."""
        return _WORDS[self.reason].in_(locale)


async def verify(
    database: Database,
    keys: KeyStore,
    payload: str,
    *,
    slices: Slices,
    actor: Actor,
    event_id: UUID | None = None,
) -> Verdict:
    """What a ticket is worth: a JWS, the text of a QR code, or a ticket code somebody typed.

    Anybody may ask about a ticket they can show; the answer names nobody unless `actor` works for its merchant.
    With `event_id`, a ticket for anything else is `wrong_event`. Staff of another merchant are told `invalid`.
    """
    presented = await read_presented(keys, payload)
    if isinstance(presented, Reason):
        return Verdict(presented)
    async with database.read(_holder_of(presented, actor)) as session:
        return await judge(session, presented, slices=slices, actor=actor, event_id=event_id)


async def read_presented(keys: KeyStore, payload: str) -> Presented | Reason:
    """Find out what `payload` is and check its signature; no ticket is looked up yet."""
    text = payload.strip()
    if len(text) > tokens.MAX_LENGTH or not text.isascii():
        return Reason.UNREADABLE
    if text.startswith(_TOKEN_START):
        return await _read_token(keys, text)
    if len(text) <= _TYPED_CODE_LENGTH:
        return _read_code(text)
    return await _read_qr(keys, text)


async def judge(
    session: ReadSession,
    presented: Presented,
    *,
    slices: Slices,
    actor: Actor,
    event_id: UUID | None = None,
) -> Verdict:
    """The verdict on a ticket whose signature holds, by the database's clock."""
    chosen = Ticket.id == presented.ticket_id if presented.ticket_id else Ticket.code == presented.code
    # A draft is not visible to everybody, and its tickets are still found.
    columns = Ticket, Event.status, Event.ends_at, SigningKey.retired_at, func.clock_timestamp()
    query = select(*columns).outerjoin(Event, Event.id == Ticket.event_id)
    # Asked each time: a key that was found once is remembered, and may be retired meanwhile.
    query = query.outerjoin(SigningKey, SigningKey.kid == presented.kid)
    row = (await session.execute(query.where(chosen))).one_or_none()
    if row is None:
        return await _judge_missing(session, presented, actor)
    if not _belongs(row[0], presented, actor):
        return Verdict(Reason.UNKNOWN)
    ticket, status, ends_at, retired_at, now = row
    if retired_at is not None and presented.issued_at > retired_at.timestamp():
        return Verdict(Reason.FORGED)
    details = _details(ticket) if actor.works_for(ticket.merchant_id, ticket.event_id) else None
    # An event that was moved to an earlier end leaves its tickets as they are signed.
    is_over = now >= ticket.expires_at or (
        ends_at is not None and now >= expires_at(ends_at, ticket.issued_at)
    )
    is_cancelled = status == EventStatus.CANCELLED
    is_live = presented.slice_code is not None
    is_stale = presented.slice_code is not None and not slices.accepts(ticket, presented.slice_code, now)
    reason = _reason(
        ticket, presented, event_id, is_over=is_over, is_cancelled=is_cancelled, is_stale=is_stale
    )
    return Verdict(reason, details, now, is_live)


async def _judge_missing(session: ReadSession, presented: Presented, actor: Actor) -> Verdict:
    """A typed code that no ticket has: one that was handed on is told apart from one that never was."""
    replaced = await find_replaced(session, presented.code) if presented.code else None
    if replaced is None or _is_outsider(actor, replaced.merchant_id, replaced.event_id):
        return Verdict(Reason.UNKNOWN)
    return Verdict(Reason.SUPERSEDED)


async def _read_token(keys: KeyStore, text: str) -> Presented | Reason:
    try:
        key = await keys.find(tokens.read_kid(text))
        if key is None:
            return Reason.FORGED
        claims = tokens.check(text, key)
    except tokens.BadToken:
        return Reason.FORGED
    return Presented(
        ticket_id=claims.ticket_id,
        merchant_id=key.merchant_id,
        event_id=claims.event_id,
        epoch=claims.epoch,
        kid=key.kid,
        issued_at=claims.issued_at,
    )


async def _read_qr(keys: KeyStore, text: str) -> Presented | Reason:
    try:
        code = qr.read(text)
    except qr.BadQr:
        return Reason.UNREADABLE
    key = await keys.find_short(code.qr_kid)
    if key is None:
        return Reason.FORGED
    try:
        ticket = qr.check(code, key)
    except qr.BadQr:
        return Reason.FORGED
    return Presented(
        ticket_id=ticket.ticket_id,
        merchant_id=key.merchant_id,
        epoch=ticket.epoch,
        kid=key.kid,
        issued_at=ticket.issued_at,
        slice_code=None if ticket.slice_code == qr.STATIC_SLICE else ticket.slice_code,
    )


def _read_code(text: str) -> Presented | Reason:
    code = normalise_code(text)
    if len(code) != TICKET_CODE_LENGTH or not set(code) <= set(ALPHABET):
        return Reason.UNREADABLE
    return Presented(code=code)


def _holder_of(presented: Presented, actor: Actor) -> Actor:
    """The actor, who by showing a ticket may also see this one row."""
    if presented.ticket_id is not None:
        return replace(actor, ticket_ids=(presented.ticket_id,))
    # The policy of tickets reads the codes that an actor holds; a booking code is shorter, so none is mistaken.
    return replace(actor, order_codes=(*actor.order_codes, presented.code or ""))


def _belongs(ticket: Ticket, presented: Presented, actor: Actor) -> bool:
    """Whether the signature is one that this ticket's merchant could have made, and the asker may know of it."""
    same_merchant = presented.merchant_id in {None, ticket.merchant_id}
    same_event = presented.event_id in {None, ticket.event_id}
    is_outsider = _is_outsider(actor, ticket.merchant_id, ticket.event_id)
    return same_merchant and same_event and not is_outsider and (presented.epoch or 0) <= ticket.epoch


def _is_outsider(actor: Actor, merchant_id: UUID, event_id: UUID) -> bool:
    return actor.kind is ActorKind.STAFF and not actor.works_for(merchant_id, event_id)


def _reason(
    ticket: Ticket,
    presented: Presented,
    event_id: UUID | None,
    *,
    is_over: bool,
    is_cancelled: bool,
    is_stale: bool,
) -> Reason:
    checks = (
        (event_id is not None and event_id != ticket.event_id, Reason.OTHER_EVENT),
        # The tickets are voided by a job, which may be late.
        (is_cancelled, Reason.EVENT_CANCELLED),
        (ticket.state == TicketState.VOID, Reason.VOIDED),
        (presented.epoch is not None and presented.epoch < ticket.epoch, Reason.SUPERSEDED),
        (ticket.state == TicketState.USED, Reason.ALREADY_USED),
        (is_over, Reason.EXPIRED),
        (is_stale, Reason.SLICE_OVER),
    )
    return next((reason for applies, reason in checks if applies), Reason.GOOD)


def _details(ticket: Ticket) -> Staffed:
    return Staffed(
        ticket_id=ticket.id,
        event_id=ticket.event_id,
        order_id=ticket.order_id,
        code=ticket.code,
        number=ticket.number,
        holder_name=ticket.holder_name,
        issued_at=ticket.issued_at,
        expires_at=ticket.expires_at,
        used_at=ticket.used_at,
        voided_at=ticket.voided_at,
    )
