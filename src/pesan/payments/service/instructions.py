"""What a buyer has to do to pay: the account and the exact amount, or a QRIS with the amount inside."""

from dataclasses import dataclass

from pesan.payments import qris, qris_image
from pesan.payments.models import Payment, PaymentMethod
from pesan.payments.states import MethodKind
from pesan.payments.unique_amount import format_code


@dataclass(frozen=True, slots=True)
class BankInstructions:
    """Where to transfer to."""

    bank_name: str
    account_no: str
    account_holder: str


@dataclass(frozen=True, slots=True)
class QrisInstructions:
    """What to scan: the code with the amount inside, and the merchant's own for apps that refuse the first."""

    payload: str
    svg: str
    static_payload: str
    static_svg: str
    merchant_name: str | None
    nmid: str | None


@dataclass(frozen=True, slots=True)
class Instructions:
    """How to pay one payment; exactly one of `bank`, `qris` and `hosted_url`, a provider's page, is given.

    `unique_code` is the kode unik in `amount`, three or four digits, None when the amounts of the account ran out.
    """

    display_name: str
    amount: int
    base_amount: int
    currency: str
    unique_code: str | None
    bank: BankInstructions | None = None
    qris: QrisInstructions | None = None
    hosted_url: str | None = None


def make_instructions(payment: Payment, method: PaymentMethod, *, order_code: str) -> Instructions:
    """The instructions of an open payment; `order_code` becomes the bill number inside a QRIS."""
    return Instructions(
        display_name=method.display_name,
        amount=payment.amount,
        base_amount=payment.base_amount,
        currency=payment.currency,
        unique_code=format_code(payment.unique_code) if payment.unique_code else None,
        bank=_bank(method) if method.kind == MethodKind.BANK else None,
        qris=_qris(method, payment.amount, order_code) if method.kind == MethodKind.QRIS else None,
        hosted_url=payment.redirect_url,
    )


def _bank(method: PaymentMethod) -> BankInstructions:
    return BankInstructions(method.bank_name or "", method.account_no or "", method.account_holder or "")


def _qris(method: PaymentMethod, amount: int, order_code: str) -> QrisInstructions:
    static = qris.parse(method.qris_payload or "")
    static_payload = qris.serialise(static)
    payload = qris.serialise(qris.to_dynamic(static, amount, order_code))
    described = qris.describe(static)
    title = f"QRIS {described.name or method.display_name}"
    return QrisInstructions(
        payload=payload,
        svg=qris_image.to_svg(payload, title),
        static_payload=static_payload,
        static_svg=qris_image.to_svg(static_payload, title),
        merchant_name=described.name,
        nmid=described.nmid,
    )
