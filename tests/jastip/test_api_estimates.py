"""What telling everybody on a trip would cost, asked by whoever runs it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pesan.chats.catalogue import CATALOGUE
from pesan.chats.models import ChatContact
from pesan.identity.states import MerchantRole
from pesan.jastip.service.participants import unsubscribe
from pesan.kit.ids import new_id
from tests.support.factories import SYSTEM
from tests.support.trips import make_participant, shown


async def test_an_estimate_counts_whoever_would_be_told_and_follows_the_card(
    program, journey, database, database_url, postgres
):
    people = [await make_participant(journey) for _ in range(4)]
    async with database.write(SYSTEM) as session:
        await unsubscribe(session, people[0].id, actor=shown(people[0]))
        stopped = ChatContact(id=new_id(), wa=people[1].wa, marketing_stopped_at=datetime.now(UTC))
        opened = ChatContact(
            id=new_id(), wa=people[2].wa, window_until=datetime.now(UTC) + timedelta(hours=1)
        )
        session.add_all([stopped, opened])
    _set_rates(postgres, database_url, "85.25", "10")
    owner, path = await program(journey.merchant), f"/api/trips/{journey.id}/broadcast/estimate"

    answer = await owner.get(path)
    for_utility = await owner.get(path, params={"template": CATALOGUE["price_proposal"].name})
    _set_rates(postgres, database_url, "50001", "0")
    costly = await owner.get(path, params={"template": "broadcast"})

    assert answer.json() == {
        "participantCount": 2,
        "costPerMessage": "Rp85",
        "totalCostIDR": "Rp85",
        "recommendation": "OK",
    }
    assert for_utility.json()["participantCount"] == 3
    assert costly.json()["totalCostIDR"] == "Rp50001"
    assert costly.json()["recommendation"] == "High cost - consider opt-in"
    assert Decimal(costly.json()["costPerMessage"].removeprefix("Rp")) == 50_001


async def test_an_estimate_is_the_owners_alone_and_of_a_template_there_is(program, journey, make):
    path = f"/api/trips/{journey.id}/broadcast/estimate"
    owner, staff = await program(journey.merchant), await program(journey.merchant, MerchantRole.STAFF)
    stranger = await program(await make.merchant())

    answers = [
        await owner.get(path, params={"template": "lainnya"}),
        await owner.get(f"/api/trips/{new_id()}/broadcast/estimate"),
        await staff.get(path),
        await stranger.get(path),
    ]

    assert [answer.status_code for answer in answers] == [422, 404, 403, 404]


def _set_rates(postgres, database_url, marketing, service):
    """Other prices than the card that comes with the instance, by its owner's hand."""
    with postgres.connect(database_url.database) as connection:
        for category, amount in (("marketing", marketing), ("service", service)):
            connection.execute(
                "UPDATE chat_rates SET amount = %s WHERE category = %s", [Decimal(amount), category]
            )
