"""Outgoing webhooks: where an organizer's own programs are told of orders. A secret is shown once, when it is made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.errors import PesanError
from pesan.hooks import service
from pesan.hooks.models import HookDelivery, HookEndpoint
from pesan.hooks.queries import list_deliveries, list_endpoints
from pesan.hooks.states import KINDS, Ended, HookState
from pesan.identity.policies import may_manage
from pesan.kit.i18n import Text
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import limit
from pesan.web.outgoing import OwnSite

router = APIRouter(prefix="/organizer/{merchant}/webhooks", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(changed|on|off|again)?$")]
_LONGEST_FIELD = 600
_SECTION = "brand"
_KINDS = {
    "order.review": Text(id="Bukti transfer menunggu ditinjau", en="A proof waits for review"),
    "order.paid": Text(id="Pesanan lunas", en="Paid"),
    "order.completed": Text(id="Tiket diterbitkan", en="Tickets issued"),
    "order.expired": Text(id="Waktu habis", en="Expired"),
    "order.rejected": Text(id="Bukti ditolak", en="Proof rejected"),
    "order.cancelled": Text(id="Dibatalkan", en="Cancelled"),
    "order.refunded": Text(id="Uang dikembalikan", en="Refunded"),
}
_ENDED = {
    Ended.BY_HAND: Text(id="Dimatikan", en="Turned off"),
    Ended.FAILING: Text(
        id="Dimatikan: tidak menerima apa pun selama lima hari",
        en="Turned off: it took nothing for five days",
    ),
    Ended.GONE: Text(id="Dimatikan: alamatnya menjawab 410", en="Turned off: the address answered 410"),
}
_STATES = {
    HookState.WAITING: Text(id="Menunggu", en="Waiting"),
    HookState.DELIVERED: Text(id="Diterima", en="Delivered"),
    HookState.FAILED: Text(id="Gagal", en="Failed"),
}
_PROBLEMS = {
    "no_such_host": Text(id="nama tidak ditemukan", en="no such host"),
    "address_refused": Text(id="alamat tidak boleh dituju", en="address not allowed"),
    "timeout": Text(id="tidak menjawab", en="no answer in time"),
    "unreachable": Text(id="tidak terhubung", en="not reachable"),
}


@dataclass(frozen=True, slots=True)
class EndpointCard:
    """One endpoint, without anything that is secret."""

    path: str
    url: str
    kinds: frozenset[str]
    is_active: bool
    failing_since: datetime | None
    ended: Text | None


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One message and what became of it."""

    path: str
    url: str
    kind: Text
    message_id: str
    state: str
    words: Text
    attempts: int
    outcome: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HooksPage:
    """The endpoints, the form that adds one, and the log."""

    path: str
    endpoints: list[EndpointCard]
    deliveries: list[DeliveryRow]
    kinds: list[tuple[str, Text]]
    typed_url: str = ""
    secret: str = ""
    problem: str = ""
    done: str = ""


@router.get("")
async def show_hooks(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """The merchant's endpoints and what they were told last."""
    return await _page(desk, merchant, done=done)


@router.post("", dependencies=[require_csrf])
async def submit_endpoint(desk: DeskOf, merchant: str) -> Response:
    """Add an endpoint; its secret is on this answer and nowhere else."""
    url, kinds = await _typed(desk)
    settings = desk.registry[Settings]
    try:
        async with desk.writing(merchant, may_manage) as work:
            _, secret = await service.add_endpoint(
                work.session,
                secret=settings.secret,
                merchant_id=work.shop.id,
                url=url,
                kinds=kinds,
                own=OwnSite.of(settings),
                to_loopback=settings.webhooks_to_loopback,
                actor=desk.actor,
            )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal, typed_url=url)
    return await _page(desk, merchant, secret=secret)


@router.post("/deliveries/{delivery_id}", dependencies=[limit("hook-again", 60, 3600), require_csrf])
async def submit_again(desk: DeskOf, merchant: str, delivery_id: UUID) -> Response:
    """Send a message once more."""
    async with desk.writing(merchant, may_manage) as work:
        await service.send_again(work.session, delivery_id, merchant_id=work.shop.id)
    return go(f"/organizer/{merchant}/webhooks?done=again")


@router.post("/{endpoint_id}/events", dependencies=[require_csrf])
async def submit_kinds(desk: DeskOf, merchant: str, endpoint_id: UUID) -> Response:
    """Choose anew what an endpoint is told."""
    _, kinds = await _typed(desk)
    try:
        async with desk.writing(merchant, may_manage) as work:
            await service.choose_kinds(
                work.session, endpoint_id, merchant_id=work.shop.id, kinds=kinds, actor=desk.actor
            )
    except PesanError as refusal:
        return await _page(desk, merchant, refusal=refusal)
    return go(f"/organizer/{merchant}/webhooks?done=changed")


@router.post("/{endpoint_id}/secret", dependencies=[require_csrf])
async def submit_secret(desk: DeskOf, merchant: str, endpoint_id: UUID) -> Response:
    """Make a new secret; both sign for a day."""
    async with desk.writing(merchant, may_manage) as work:
        secret = await service.rotate_secret(
            work.session,
            endpoint_id,
            merchant_id=work.shop.id,
            secret=desk.registry[Settings].secret,
            actor=desk.actor,
        )
    return await _page(desk, merchant, secret=secret)


@router.post("/{endpoint_id}/active", dependencies=[require_csrf])
async def submit_active(desk: DeskOf, merchant: str, endpoint_id: UUID) -> Response:
    """Turn an endpoint on or off."""
    is_active = (await desk.request.form()).get("is_active") == "true"
    async with desk.writing(merchant, may_manage) as work:
        session, shop_id = work.session, work.shop.id
        if is_active:
            await service.switch_on(session, endpoint_id, merchant_id=shop_id, actor=desk.actor)
        else:
            why = Ended.BY_HAND
            await service.switch_off(session, endpoint_id, merchant_id=shop_id, why=why, actor=desk.actor)
    return go(f"/organizer/{merchant}/webhooks?done={'on' if is_active else 'off'}")


async def _typed(desk: Desk) -> tuple[str, list[str]]:
    form = await desk.request.form()
    kinds = [kind for kind in form.getlist("kinds") if isinstance(kind, str)]
    return str(form.get("url", ""))[:_LONGEST_FIELD], kinds


async def _page(
    desk: Desk,
    merchant: str,
    *,
    refusal: PesanError | None = None,
    typed_url: str = "",
    secret: str = "",
    done: str = "",
) -> Response:
    async with desk.reading(_SECTION, merchant, may_manage) as room:
        path = f"{room.shop.path}/webhooks"
        endpoints = await list_endpoints(room.session, room.shop.id)
        deliveries = await list_deliveries(room.session, room.shop.id)
        page = HooksPage(
            path=path,
            endpoints=[_card(endpoint, path) for endpoint in endpoints],
            deliveries=[_row(desk, delivery, url, path) for delivery, url in deliveries],
            kinds=[(kind, _KINDS[kind]) for kind in KINDS],
            typed_url=typed_url,
            secret=secret,
            problem=refusal.text(desk.locale) if refusal else "",
            done=done,
        )
        answer = desk.page(room.chrome, "hooks", {"page": page}, status=refusal.status if refusal else 200)
    if secret:
        answer.headers["cache-control"] = "no-store"
    return answer


def _card(endpoint: HookEndpoint, path: str) -> EndpointCard:
    return EndpointCard(
        path=f"{path}/{endpoint.id}",
        url=endpoint.url,
        kinds=frozenset(endpoint.kinds),
        is_active=endpoint.is_active,
        failing_since=endpoint.failing_since,
        ended=_ENDED[Ended(endpoint.ended)] if endpoint.ended else None,
    )


def _row(desk: Desk, delivery: HookDelivery, url: str, path: str) -> DeliveryRow:
    problem = desk.text(_PROBLEMS[delivery.last_problem]) if delivery.last_problem else ""
    return DeliveryRow(
        path=f"{path}/deliveries/{delivery.id}",
        url=url,
        kind=_KINDS[delivery.kind],
        message_id=f"msg_{delivery.message_id.hex}",
        state=delivery.state,
        words=_STATES[HookState(delivery.state)],
        attempts=delivery.attempts,
        outcome=problem or (str(delivery.last_status) if delivery.last_status else ""),
        created_at=delivery.created_at,
    )
