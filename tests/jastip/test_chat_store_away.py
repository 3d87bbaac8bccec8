"""A picture that is sent in the chat while the object store is away."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from pesan.payments.models import PaymentProof
from pesan.settings import Settings
from pesan.storage.keeping import KeepingStorage
from pesan.storage.models import KeptObject
from pesan.storage.tasks import move
from tests.jastip.test_chat_proofs import journey, orders, registry, siti, upload  # noqa: F401
from tests.support.bucket import Bucket, running_bucket
from tests.support.factories import SYSTEM
from tests.support.whatsapp import FakeWhatsApp


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with running_bucket() as bucket:
        yield bucket


@pytest.fixture
def settings(settings: Settings, whatsapp: FakeWhatsApp, bucket: Bucket) -> Settings:
    return settings.model_copy(update={**whatsapp.settings, **bucket.settings})


async def keys(database, column) -> list[str]:
    async with database.read(SYSTEM) as session:
        return list(await session.scalars(select(column)))


async def test_a_picture_in_the_chat_is_taken_while_the_store_is_away(
    siti,  # noqa: F811
    registry,  # noqa: F811
    whatsapp,
    bucket,
    database,
):
    media = await upload(whatsapp)
    bucket.close()

    (answer,) = await siti.show(media)

    (proof,) = await keys(database, PaymentProof.object_key)
    content = await registry[KeepingStorage].get(proof)
    assert answer["body"].startswith("Terima kasih! Bukti bayar untuk pesanan *")
    assert (await orders(database), await keys(database, KeptObject.key)) == ([("REVIEW", 1)], [proof])

    bucket.open()
    await move(registry)

    assert await keys(database, KeptObject.key) == []
    assert await bucket.store().get(proof) == content
