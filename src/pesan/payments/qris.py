"""QRIS codes as texts: read, checked, and given an amount (EMVCo merchant-presented mode, protocols §4).

A code made here brings no notice of payment: the money arrives on the merchant's own account, and some issuers
may refuse a dynamic code that no acquirer issued. The static code stays on offer beside it.
"""

import binascii
from dataclasses import dataclass
from hashlib import sha256

from pesan.kit.money import format_rupiah
from pesan.payments import tlv
from pesan.payments.errors import QrisAmountRefused, QrisInvalid

MAX_AMOUNT = 10_000_000
MAX_LENGTH = 512
MAX_REFERENCE = 25

_FORMAT, _INITIATION, _CURRENCY, _AMOUNT, _COUNTRY = "00", "01", "53", "54", "58"
_NAME, _CITY, _ADDITIONAL, _CRC, _NATIONAL = "59", "60", "62", "63", "51"
_TIPS = frozenset({"55", "56", "57"})
_ACCOUNTS = [f"{tag:02d}" for tag in range(26, 52)]
_BILL = "01"


@dataclass(frozen=True, slots=True)
class Qris:
    """The fields of one code in their order, without the checksum."""

    fields: tlv.Fields

    def get(self, tag: str) -> str | None:
        """The value of one field."""
        return next((value for found, value in self.fields if found == tag), None)

    @property
    def is_static(self) -> bool:
        """Whether the code is reusable and leaves the amount to whoever pays."""
        return self.get(_INITIATION) != "12" and self.get(_AMOUNT) is None


@dataclass(frozen=True, slots=True)
class Description:
    """What a person checks before trusting a code; None where the code is silent."""

    name: str | None
    city: str | None
    nmid: str | None
    criteria: str | None
    acquirer: str | None
    pan: str | None
    is_static: bool


def crc(data: str) -> str:
    """CRC-16/CCITT-FALSE over UTF-8, as four upper-case hex digits."""
    return f"{binascii.crc_hqx(data.encode(), 0xFFFF):04X}"


def parse(text: str) -> Qris:
    """The code inside `text`; outer white space and a lower-case checksum are forgiven, nothing else.

    Raises QrisInvalid for anything cut, altered, too long, or not a rupiah code of an Indonesian account.
    """
    stripped = text.strip()
    # A lone surrogate cannot be encoded, and a longer code cannot be scanned.
    if not stripped or len(stripped) > MAX_LENGTH or not _is_unicode(stripped):
        raise QrisInvalid("length")
    if stripped[-8:-4] != "6304" or stripped[-4:].upper() != crc(stripped[:-4]):
        raise QrisInvalid("checksum")
    try:
        fields = tlv.decode(stripped[:-8])
    except ValueError as error:
        raise QrisInvalid("structure") from error
    return _require_usable(Qris(fields))


def serialise(qris: Qris) -> str:
    """The text of a code, with its checksum.

    Raises QrisInvalid when a field cannot be written or the text would not be printable ASCII, which is what
    every scanner reads alike.
    """
    try:
        body = tlv.encode(qris.fields) + _CRC + "04"
    except ValueError as error:
        raise QrisInvalid("structure") from error
    if not (body.isascii() and body.isprintable()):
        raise QrisInvalid("characters")
    if len(body) + 4 > MAX_LENGTH:
        raise QrisInvalid("length")
    return body + crc(body)


def to_dynamic(qris: Qris, amount: int, reference: str | None = None) -> Qris:
    """The same account's code for one payment of `amount` whole rupiah (protocols §4.3).

    `reference` (at most 25 characters) becomes the bill number; it is left out where it does not fit beside what
    the merchant put there. Tips are dropped: passing fees on to the payer is prohibited.
    Raises QrisAmountRefused for an amount that QRIS does not carry.
    """
    if not 0 < amount <= MAX_AMOUNT:
        raise QrisAmountRefused(maximum=format_rupiah(MAX_AMOUNT))
    kept = {tag: value for tag, value in qris.fields if tag not in _TIPS | {_INITIATION, _AMOUNT}}
    if reference:
        kept[_ADDITIONAL] = _with_bill(kept.get(_ADDITIONAL), reference) or kept.get(_ADDITIONAL, "")
    ordered: list[tuple[str, str]] = []
    for tag, value in kept.items():
        ordered.append((tag, value))
        if tag == _FORMAT:
            ordered.append((_INITIATION, "12"))
        if tag == _CURRENCY:
            ordered.append((_AMOUNT, str(amount)))
    return Qris(tuple((tag, value) for tag, value in ordered if value))


def describe(qris: Qris) -> Description:
    """Who a payer of this code would pay."""
    accounts = [tags for tags in (_template(qris.get(tag)) for tag in _ACCOUNTS if tag != _NATIONAL) if tags]
    national = _template(qris.get(_NATIONAL))
    first = accounts[0] if accounts else {}
    return Description(
        name=qris.get(_NAME),
        city=qris.get(_CITY),
        nmid=national.get("02"),
        criteria=national.get("03") or first.get("03"),
        acquirer=first.get("00"),
        pan=first.get("01"),
        is_static=qris.is_static,
    )


def account_key(qris: Qris) -> str:
    """The account that a code pays into, the same for every code of that account."""
    described = describe(qris)
    if described.nmid or described.pan:
        return f"qris:{(described.nmid or described.pan or '').upper()}"
    accounts = "".join(value for tag, value in qris.fields if tag in _ACCOUNTS)
    if not accounts:
        raise QrisInvalid("no account")
    return f"qris:{sha256(accounts.encode()).hexdigest()[:32]}"


def _require_usable(qris: Qris) -> Qris:
    if qris.fields[:1] != ((_FORMAT, "01"),):
        raise QrisInvalid("format")
    if qris.get(_CRC) is not None:
        raise QrisInvalid("checksum is not last")
    if qris.get(_CURRENCY) != "360" or qris.get(_COUNTRY) != "ID":
        raise QrisInvalid("not rupiah")
    account_key(qris)
    return qris


def _with_bill(additional: str | None, reference: str) -> str | None:
    """The additional data with `reference` as its first field, or None where it cannot take one."""
    others = [(tag, value) for tag, value in _template(additional).items() if tag != _BILL]
    if additional and not others and _BILL not in _template(additional):
        return None  # not a template at all; what the merchant's acquirer put there stays
    try:
        written = tlv.encode([(_BILL, reference[:MAX_REFERENCE]), *others])
    except ValueError:
        return None
    return written if len(written) <= tlv.MAX_VALUE else None


def _template(value: str | None) -> dict[str, str]:
    try:
        return dict(tlv.decode(value or ""))
    except ValueError:
        return {}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
