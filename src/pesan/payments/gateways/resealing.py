"""A new secret of the instance: what the old one sealed of merchants' accounts is sealed anew, or none is."""

from pesan.audit import record
from pesan.db import Actor, WriteSession
from pesan.kit.sealing import SealBroken
from pesan.payments.gateways.errors import AccountSealed
from pesan.payments.gateways.locks import lock_all_accounts
from pesan.payments.gateways.registry import open_secrets, seal_secrets


async def reseal_accounts(session: WriteSession, *, old: bytes, new: bytes, actor: Actor) -> int:
    """Seal with `new` what `old` opens; returns how many. What `new` opens already stays as it is.

    **Locks** every account. Raises AccountSealed when neither secret opens one of them.
    """
    count = 0
    for account in await lock_all_accounts(session):
        try:
            open_secrets(account, new)
        except SealBroken:
            pass
        else:
            continue
        try:
            secrets = open_secrets(account, old)
        except SealBroken as error:
            raise AccountSealed from error
        account.secrets_sealed = seal_secrets(account.merchant_id, account.id, secrets, new)
        await record(session, account, action="merchant:gateway_account:resealed", actor=actor)
        count += 1
    await session.flush()
    return count
