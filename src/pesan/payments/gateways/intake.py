"""Webhooks on their way in: verified over their raw bytes, stored once, answered at once.

Whatever came while one group was being stored forms the next, so that an answer costs few round trips when it matters.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from pesan.db import ReadSession, WriteSession
from pesan.db.waits import is_data_error, refusal
from pesan.errors import PesanError
from pesan.jobs import enqueue_many
from pesan.kit.combiner import Combiner
from pesan.kit.ids import new_id
from pesan.payments.gateways.base import Notice
from pesan.payments.gateways.confirmations import CONFIRM, CONFIRM_TASK
from pesan.payments.gateways.errors import AccountNotFound
from pesan.payments.gateways.models import GatewayAccount, WebhookEvent
from pesan.payments.gateways.registry import Gateways, find_only_account, list_with_secrets

HANDLE_TASK = "payments.handle_notice"
MAX_GROUP = 64
# Longer than the server's own limit on a statement, which does not help when the server stands still.
GROUP_SECONDS = 15.0
_LONGEST_KEY = 300
_LONGEST_REFUND_KEY = 60


@dataclass(frozen=True, slots=True)
class Parcel:
    """A webhook as it came, of which nothing is believed yet; without an account, the provider's only one is meant.

    `headers` have lower-case names, and `at` is when it came, in seconds since 1970.
    """

    provider: str
    account_id: UUID | None
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    at: float


@dataclass(frozen=True, slots=True)
class Stored:
    """A webhook that is believed, as the row that is kept of it, and the job that acts on it."""

    event_id: UUID
    task: str
    row: Mapping[str, object]


class Intake:
    """Where this process takes webhooks in, one group after the other."""

    def __init__(self, gateways: Gateways) -> None:
        self._gateways = gateways
        self._combiner: Combiner[Parcel, None] = Combiner(
            self._store_group, is_divisible=is_data_error, max_group=MAX_GROUP
        )

    async def take(self, parcel: Parcel) -> None:
        """Store a webhook, once however often it comes.

        **Enqueues** what asks the provider. Raises AccountNotFound, AccountSealed, SignatureInvalid, NoticeUnreadable.
        """
        await self._combiner.submit(parcel)

    async def _store_group(self, parcels: Sequence[Parcel]) -> list[PesanError | None]:
        try:
            async with asyncio.timeout(GROUP_SECONDS), self._gateways.database.sale() as session:
                read = await self._read(session, parcels)
                await _store(session, [row for row in read if not isinstance(row, PesanError)])
        except TimeoutError as error:
            raise refusal() from error
        return [row if isinstance(row, PesanError) else None for row in read]

    async def _read(self, session: ReadSession, parcels: Sequence[Parcel]) -> list[Stored | PesanError]:
        """What each parcel says, or why nothing of it is believed."""
        named = await list_with_secrets(
            session, {parcel.account_id for parcel in parcels if parcel.account_id}
        )
        only = {
            provider: await find_only_account(session, provider)
            for provider in {parcel.provider for parcel in parcels if parcel.account_id is None}
        }
        return [
            self._open(named.get(parcel.account_id) if parcel.account_id else only[parcel.provider], parcel)
            for parcel in parcels
        ]

    def _open(self, account: GatewayAccount | None, parcel: Parcel) -> Stored | PesanError:
        if account is None or account.provider != parcel.provider:
            return AccountNotFound()
        try:
            notice = self._gateways.listen(account).read_notice(parcel.headers, parcel.body, parcel.at)
        except PesanError as refused:
            return refused
        return _stored(account, notice, parcel.body)


async def _store(session: WriteSession, stored: Sequence[Stored]) -> None:
    """What the provider said before is no row again, and no job."""
    if not stored:
        return
    rows = insert(WebhookEvent).values([each.row for each in stored])
    new = set(await session.scalars(rows.on_conflict_do_nothing().returning(WebhookEvent.id)))
    jobs = [(each.task, {"event_id": each.event_id}) for each in stored if each.event_id in new]
    await enqueue_many(session, jobs)


def _stored(account: GatewayAccount, notice: Notice, body: bytes) -> Stored:
    key, event_id = notice.event_key, new_id()
    row = {
        "id": event_id,
        "merchant_id": account.merchant_id,
        "account_id": account.id,
        "event_key": key if len(key) <= _LONGEST_KEY else sha256(key.encode()).hexdigest(),
        "kind": notice.kind[:80],
        "reference": notice.reference,
        "provider_ref": notice.provider_ref,
        "refund_key": notice.refund_key if len(notice.refund_key or "") <= _LONGEST_REFUND_KEY else None,
        "body": body,
    }
    return Stored(event_id, CONFIRM_TASK if account.provider == CONFIRM else HANDLE_TASK, row)
