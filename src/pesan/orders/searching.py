"""How people find an order: by what they remember of it, or by what an address names."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from pesan.kit.ids import BOOKING_CODE_LENGTH, CODE_TAIL, normalise_code
from pesan.kit.phone import normalise_phone
from pesan.orders.models import Order


def is_order(ref: str) -> ColumnElement[bool]:
    """The order that an address names, by its id or by its code."""
    try:
        return Order.id == UUID(ref)
    except ValueError:
        return Order.code == normalise_code(ref)


def matches_order(search: str, *, by_beginning: bool) -> ColumnElement[bool]:
    """What people remember of a booking: the buyer's name, contacts, the code.

    `by_beginning` finds it by the beginning of the code, too: that is for people who may see all of it, because others
    could guess on, sign by sign. They find it by the whole code or by the end that they are shown.
    """
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    found: list[ColumnElement[bool]] = [
        Order.buyer_name.ilike(pattern, escape="\\"),
        Order.email.ilike(pattern, escape="\\"),
    ]
    code = normalise_code(search)
    if 3 <= len(code) <= BOOKING_CODE_LENGTH and code.isalnum():
        found += _by_code(code, by_beginning=by_beginning)
    if phone := _phone(search):
        found.append(Order.wa == phone)
    return or_(*found)


def _by_code(code: str, *, by_beginning: bool) -> Iterator[ColumnElement[bool]]:
    if by_beginning:
        yield Order.code.startswith(code)
    elif len(code) == BOOKING_CODE_LENGTH:
        yield Order.code == code
    elif len(code) == CODE_TAIL:
        yield Order.code.endswith(code)


def _phone(search: str) -> str | None:
    try:
        return normalise_phone(search)
    except ValueError:
        return None
