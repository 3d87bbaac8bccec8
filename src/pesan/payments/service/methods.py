"""The accounts that a merchant takes money on."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pesan.audit import changed_values, record
from pesan.db import Actor, WriteSession
from pesan.kit.ids import new_id
from pesan.payments import banks, qris
from pesan.payments.errors import MethodInvalid, QrisInvalid
from pesan.payments.locks import lock_method
from pesan.payments.models import PaymentMethod
from pesan.payments.states import MethodKind

_SEPARATORS = re.compile(r"[\s.\-]")
_ACCOUNT_NO = re.compile(r"[0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class MethodDraft:
    """What an organizer says of a method: a bank account, or the content of a static QRIS."""

    kind: MethodKind
    display_name: str = ""
    bank_name: str = ""
    account_no: str = ""
    account_holder: str = ""
    qris_payload: str = ""
    position: int = 0

    def columns(self) -> dict[str, Any]:
        """The method's own columns; raises MethodInvalid, QrisInvalid."""
        if self.kind is MethodKind.GATEWAY:
            raise MethodInvalid  # made together with its account (`gateways.accounts`)
        return self._of_bank() if self.kind is MethodKind.BANK else self._of_qris()

    def _of_bank(self) -> dict[str, Any]:
        bank_name, holder = self.bank_name.strip(), self.account_holder.strip()
        account_no = _SEPARATORS.sub("", self.account_no)
        if not (bank_name and holder and _ACCOUNT_NO.fullmatch(account_no)):
            raise MethodInvalid
        return {
            "display_name": self.display_name.strip() or bank_name,
            "bank_name": bank_name,
            "account_no": account_no,
            "account_holder": holder,
            "account_key": banks.account_key(bank_name, account_no),
        }

    def _of_qris(self) -> dict[str, Any]:
        code = qris.parse(self.qris_payload)
        if not code.is_static:
            raise QrisInvalid("not static")  # it is for one payment, and somebody else's amount
        return {
            "display_name": self.display_name.strip() or "QRIS",
            "qris_payload": qris.serialise(code),
            "account_key": qris.account_key(code),
        }


async def create_method(
    session: WriteSession, *, merchant_id: UUID, draft: MethodDraft, actor: Actor
) -> PaymentMethod:
    """A new method; raises MethodInvalid, QrisInvalid."""
    method = PaymentMethod(
        id=new_id(),
        merchant_id=merchant_id,
        kind=draft.kind.value,
        position=draft.position,
        is_active=True,
        **draft.columns(),
    )
    session.add(method)
    await session.flush()
    data = {"kind": method.kind, "account_key": method.account_key}
    await record(session, method, action="merchant:payment_method:created", actor=actor, data=data)
    return method


async def update_method(
    session: WriteSession,
    method_id: UUID,
    *,
    display_name: str | None = None,
    is_active: bool | None = None,
    position: int | None = None,
    actor: Actor,
) -> PaymentMethod:
    """Rename, switch on or off, or move a method; its account stays, because open payments point to it.

    **Locks** the method. Raises MethodNotFound.
    """
    method = await lock_method(session, method_id)
    wanted = {"display_name": display_name, "is_active": is_active, "position": position}
    changes = {name: value for name, value in wanted.items() if value is not None}
    before, after = changed_values({name: getattr(method, name) for name in changes}, changes)
    for name, value in changes.items():
        setattr(method, name, value)
    action = "merchant:payment_method:changed"
    await record(session, method, action=action, actor=actor, data=changes, before=before, after=after)
    await session.flush()
    return method
