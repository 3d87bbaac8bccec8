"""Whom a merchant trusts or does not, and from how many bookings on it wants to look: kept by organizers."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.review import read_note
from pesan.backoffice.pages.bookings import order_of
from pesan.backoffice.pages.risk import reviews_page
from pesan.backoffice.views.risk import FROM_ORDER, LISTS, entry_row, marks_of
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.orders.models import Order
from pesan.risk import lists, queries
from pesan.risk.errors import EntryUnreadable, RulesOutOfRange
from pesan.risk.lists import NewEntry
from pesan.risk.marks import Marks, read_entry
from pesan.risk.queries import Rules
from pesan.risk.states import ListName, Mark, ReviewState
from pesan.settings import Settings
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf
from pesan.web.limits import Limiter

router = APIRouter(prefix="/organizer/{merchant}/risk", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(added|removed|saved)?$")]
Search = Annotated[str, Query(max_length=100)]
_NUMBERS = ("hours", "contact_limit", "device_limit", "address_limit")
_LONGEST_NUMBER = 6


@router.get("/lists")
async def show_lists(desk: DeskOf, merchant: str, done: Done = "", q: Search = "") -> Response:
    """Both lists, or what of them reads like `q`, and the limits."""
    return await _page(desk, merchant, done=done, search=q.strip())


@router.post("/lists", dependencies=[require_csrf])
async def submit_entry(desk: DeskOf, merchant: str) -> Response:
    """Put a contact or a network on a list, as somebody typed it."""
    form = await desk.request.form()
    typed = {name: str(form.get(name, ""))[:300] for name in ("value", "list", "reason")}
    try:
        mark, label = read_entry(typed["value"])
        new = NewEntry(_list_of(form), mark, _digest(desk, mark, label), label, read_note(form))
        async with desk.writing(merchant, may_manage) as room:
            await lists.add_entry(room.session, room.shop.id, new, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal, typed)
    return go(f"/organizer/{merchant}/risk/lists?done=added")


@router.post("/lists/{entry_id}/remove", dependencies=[require_csrf])
async def submit_removal(desk: DeskOf, merchant: str, entry_id: UUID) -> Response:
    """Take an entry off its list."""
    reason = read_note(await desk.request.form())
    try:
        async with desk.writing(merchant, may_manage) as room:
            await lists.remove_entry(room.session, room.shop.id, entry_id, reason=reason, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal)
    return go(f"/organizer/{merchant}/risk/lists?done=removed")


@router.post("/rules", dependencies=[require_csrf])
async def submit_rules(desk: DeskOf, merchant: str) -> Response:
    """Change the limits."""
    form = await desk.request.form()
    try:
        rules = _rules_of(form)
        async with desk.writing(merchant, may_manage) as room:
            await lists.set_rules(room.session, room.shop.id, rules, actor=desk.actor)
    except PesanError as refusal:
        return await _refused(desk, merchant, refusal)
    return go(f"/organizer/{merchant}/risk/lists?done=saved")


@router.post("/{code}/list", dependencies=[require_csrf])
async def submit_from_order(desk: DeskOf, merchant: str, code: str) -> Response:
    """Put what an order is recognised by on a list."""
    form = await desk.request.form()
    try:
        async with desk.writing(merchant, may_manage) as room:
            order = await order_of(room.session, room.shop, code)
            new = _entry_of(desk, order, form)
            await lists.add_entry(room.session, room.shop.id, new, actor=desk.actor)
    except PesanError as refusal:
        if refusal.status not in {409, 422}:
            raise
        return await reviews_page(desk, merchant, ReviewState.OPEN, refusal=refusal)
    return go(f"/organizer/{merchant}/risk?done=listed")


def _entry_of(desk: Desk, order: Order, form: Mapping[str, Any]) -> NewEntry:
    said = str(form.get("mark", ""))
    mark = next((each for each in marks_of(order) if each == said), None)
    if mark is None:
        raise EntryUnreadable
    label = {Mark.EMAIL: order.email, Mark.PHONE: order.wa}.get(mark) or f"{FROM_ORDER}{order.code}"
    digest = Marks(desk.registry[Settings].secret).of_order(order)[mark]
    return NewEntry(_list_of(form), mark, digest, label, read_note(form))


def _list_of(form: Mapping[str, Any]) -> ListName:
    said = str(form.get("list", ""))
    if said not in set(ListName):
        raise EntryUnreadable
    return ListName(said)


def _digest(desk: Desk, mark: Mark, label: str) -> str:
    """As an order keeps it: addresses by the key of the limits, contacts by that of risk."""
    if mark is Mark.ADDRESS:
        return desk.registry[Limiter].digest(label.partition("/")[0])
    if mark is Mark.NETWORK:
        return desk.registry[Limiter].digest_network(label)
    return Marks(desk.registry[Settings].secret).digest(mark, label)


def _rules_of(form: Mapping[str, Any]) -> Rules:
    typed = {name: str(form.get(name, "")).strip() for name in _NUMBERS}
    if not all(text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER for text in typed.values()):
        raise RulesOutOfRange
    numbers = {name: int(text) for name, text in typed.items()}
    return Rules(**numbers, compares_countries=form.get("compares_countries") == "on")


async def _refused(
    desk: Desk, merchant: str, refusal: PesanError, typed: Mapping[str, str] | None = None
) -> Response:
    """The page again with what was typed; whoever may not be here is told so as everywhere."""
    if refusal.status not in {409, 422}:
        raise refusal
    return await _page(desk, merchant, typed=typed, refusal=refusal)


async def _page(
    desk: Desk,
    merchant: str,
    *,
    done: str = "",
    search: str = "",
    typed: Mapping[str, str] | None = None,
    refusal: PesanError | None = None,
) -> Response:
    async with desk.reading("risk", merchant, may_manage) as room:
        entries = await queries.list_entries(room.session, room.shop.id, search=search)
        context = {
            "rows": [entry_row(entry, name) for entry, name in entries],
            "total": await queries.count_entries(room.session, room.shop.id),
            "most": queries.MOST_LISTED,
            "search": search,
            "rules": await queries.get_rules(room.session, room.shop.id),
            "lists": LISTS,
            "typed": typed or {},
            "done": done,
            "problem": refusal.text(desk.locale) if refusal else "",
        }
        return desk.page(room.chrome, "risk_lists", context, status=refusal.status if refusal else 200)
