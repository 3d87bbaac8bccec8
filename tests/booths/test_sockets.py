"""What is said over `/ws`, to whom, and when it ends; inside one process, so that a test can hold things up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, text

from pesan.booths.feed import FeedEvent, tell_many
from pesan.booths.kinds import FeedKind
from pesan.booths.messages import PROTOCOL, Beat, Happened
from pesan.booths.models.feeds import BoothEvent
from pesan.booths.screens.service import revoke_device
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.db import Database
from pesan.identity.service import set_membership
from pesan.identity.service.sessions import log_out_everywhere
from pesan.identity.states import MerchantRole
from pesan.kit.ids import new_id
from pesan.kit.registry import Registry
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.relay import RECENT, ROOM
from pesan.realtime.sockets import INBOUND_CHARACTERS, INBOUND_COUNT, MOST_REPLAYED, Pace, Sockets
from pesan.tenancy.models import Merchant
from tests.booths.ears import Closed, listening, open_ear
from tests.booths.screens import open_corner
from tests.support.factories import SYSTEM, Make

Tell = Callable[..., Awaitable[None]]


@pytest.fixture
async def merchant(make: Make) -> Merchant:
    return await make.merchant()


@pytest.fixture
async def outlet(make: Make, merchant: Merchant) -> Event:
    return await make.event(merchant, fulfilment="booths")


@pytest.fixture
async def cookies(make: Make, merchant: Merchant) -> Mapping[str, str]:
    """Somebody of the outlet's merchant, signed in."""
    return await make.session_of(await make.user(merchant))


@pytest.fixture
def tell(database: Database, registry: Registry, outlet: Event) -> Tell:
    """Lets so many things happen at the outlet, or at another."""

    async def tell(count: int = 1, at: Event = outlet, *, is_hinted: bool = True) -> None:
        happened = [
            FeedEvent(
                at.id, at.merchant_id, FeedKind.SESSION_CHANGED, {"state": "ARRIVED"}, new_id(), new_id()
            )
            for _ in range(count)
        ]
        async with database.sale() as session:
            await tell_many(session, happened)
        if is_hinted:
            registry[Hub].hint(topic_of(at.id))

    return tell


async def test_socket_begins_with_what_was_missed_and_goes_on(app: FastAPI, outlet, cookies, tell: Tell):
    await tell(3)
    async with listening(app, outlet.id, cookies, since=1) as (ear, hello):
        missed = await ear.events(2)
        await tell(2)
        new = [await ear.next(), await ear.next()]
    async with listening(app, outlet.id, cookies) as (other, later):
        await tell()
        only_new = await other.events(1)

    assert (hello.seq, hello.outlet, missed) == (3, outlet.id, [2, 3])
    assert [(event.seq, event.kind, event.payload) for event in new if isinstance(event, Happened)] == [
        (4, FeedKind.SESSION_CHANGED, {"state": "ARRIVED"}),
        (5, FeedKind.SESSION_CHANGED, {"state": "ARRIVED"}),
    ]
    assert (later.seq, only_new) == (5, [6])


async def test_nothing_is_lost_or_told_twice_where_replay_and_news_meet(app, outlet, cookies, tell: Tell):
    before, during = 3 * RECENT, 40

    async def go_on() -> None:
        for _ in range(during):
            await tell(2)

    await tell(before)
    async with listening(app, outlet.id, cookies, since=0) as (ear, _):
        writing = asyncio.create_task(go_on())
        heard = await ear.events(before + 2 * during)
        await writing

    assert heard == list(range(1, before + 2 * during + 1))


async def test_whoever_was_away_for_too_long_reads_everything_anew(
    app, outlet, cookies, tell: Tell, database: Database
):
    last, forgotten = MOST_REPLAYED + RECENT, MOST_REPLAYED
    await tell(last)
    async with database.write(SYSTEM) as session:
        await session.execute(delete(BoothEvent).where(BoothEvent.seq == forgotten - 1))
    asked = {"too much": 0, "forgotten": forgotten - 2, "never was": last + 9, "all is there": forgotten}
    heard = {}
    for why, since in asked.items():
        async with listening(app, outlet.id, cookies, since=since) as (ear, _):
            first = await ear.next()
            heard[why] = (first.type, first.seq)

    assert heard == {
        "too much": ("reset", last),
        "forgotten": ("reset", last),
        "never was": ("reset", last),
        "all is there": ("event", forgotten + 1),
    }


async def test_events_go_on_after_a_reset(app, outlet, cookies, tell: Tell):
    await tell(2)
    async with listening(app, outlet.id, cookies, since=7) as (ear, _):
        reset = await ear.next()
        await tell(2)
        heard = await ear.events(2)

    assert (reset.type, reset.seq, heard) == ("reset", 2, [3, 4])


async def test_lost_hint_is_made_up_for_and_beats_say_where_the_feed_is(
    app, outlet, cookies, tell: Tell, registry
):
    registry[Sockets].pace = Pace(poll=0.01, beat=0.02)
    async with listening(app, outlet.id, cookies) as (ear, hello):
        await tell(is_hinted=False)
        while not isinstance(message := await ear.next(), Happened):
            assert (message.type, message.seq) == ("beat", 0)
        beat = await ear.next()

    assert (hello.beat_seconds, message.seq) == (0.02, 1)
    assert isinstance(beat, Beat)
    assert beat.seq == 1


async def test_nobody_hears_of_an_outlet_that_is_not_theirs(
    app, make: Make, merchant, outlet, database, tell: Tell
):
    beside = await make.event(merchant, fulfilment="booths")
    concert = await make.event(merchant)
    limited = await make.user()
    async with database.write(SYSTEM) as session:
        terms = {"merchant_id": merchant.id, "role": MerchantRole.STAFF, "actor": SYSTEM}
        await set_membership(session, user_id=limited.id, event_ids=[beside.id], **terms)
    limited_cookies = await make.session_of(limited)
    stranger = await make.session_of(await make.user(await make.merchant()))
    customer = await make.session_of(await make.user())
    await tell()

    answers = {}
    asked = {
        "limited to another outlet": (outlet.id, limited_cookies),
        "another merchant's": (outlet.id, stranger),
        "customer": (outlet.id, customer),
        "no such outlet": (new_id(), stranger),
        "no outlet at all": (concert.id, await make.session_of(await make.user(merchant))),
        "signed out": (outlet.id, {}),
        "forged": (outlet.id, {"pesan_session": "x" * 43}),
    }
    for who, (event_id, cookies) in asked.items():
        ear = open_ear(app, event_id, cookies, since=0)
        answers[who] = (await ear.accepted(), *await ear.end())
    async with listening(app, beside.id, limited_cookies) as (ear, _):
        await tell()
        await tell(at=beside)
        own = await ear.next()

    refused = dict.fromkeys(asked, (True, 4403, "forbidden"))
    assert answers == refused | dict.fromkeys(("signed out", "forged"), (True, 4401, "auth.required"))
    assert isinstance(own, Happened)
    assert own.seq == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_page_of_another_site_opens_no_socket(app, outlet, cookies, origin):
    ear = open_ear(app, outlet.id, cookies, origin=origin)

    assert (await ear.accepted(), ear.code) == (False, 1008)


async def test_token_of_no_booth_opens_no_socket(app, outlet, cookies):
    ear = open_ear(app, outlet.id, cookies, subprotocols=[PROTOCOL, "token.e30.e30.forged"])

    assert (await ear.accepted(), ear.subprotocol) == (True, PROTOCOL)
    assert await ear.end() == (4401, "booths.token_invalid")


async def test_screen_of_a_booth_hears_of_its_own_booth_and_of_the_outlet(
    app, client, make: Make, database: Database, registry, outlet
):
    registry[Sockets].pace = Pace(check=0.01)
    corner = await open_corner(make, database)
    screen = await corner.joined(client)
    shown = [PROTOCOL, f"token.{screen.token}"]
    elsewhere = open_ear(app, outlet.id, subprotocols=shown, origin=None)
    refusal = (await elsewhere.accepted(), *await elsewhere.end())
    ear = open_ear(app, corner.place.id, subprotocols=shown, origin=None)
    assert await ear.accepted()
    await ear.next()

    at = {"event_id": corner.place.id, "merchant_id": corner.place.event.merchant_id, "payload": {}}
    first, second = (booth.id for booth in corner.place.booths)
    async with database.sale() as session:
        await tell_many(
            session,
            [
                FeedEvent(kind=FeedKind.SESSION_CHANGED, booth_id=booth, **at)
                for booth in (second, first, None)
            ],
        )
    registry[Hub].hint(topic_of(corner.place.id))
    heard = [await ear.next(), await ear.next()]
    async with database.write(corner.actor) as session:
        await revoke_device(session, screen.device_id, event_id=corner.place.id, actor=corner.actor)

    assert refusal == (True, 4403, "forbidden")
    assert [event.booth_id for event in heard if isinstance(event, Happened)] == [first, None]
    assert await ear.end() == (4401, "booths.screen_revoked")


async def test_open_socket_ends_with_the_session_or_the_role(
    app, make: Make, merchant, outlet, database: Database, registry, tell: Tell
):
    registry[Sockets].pace = Pace(check=0.01)
    left, removed, kept = [await make.user(merchant) for _ in range(3)]
    ears = [open_ear(app, outlet.id, await make.session_of(user)) for user in (left, removed, kept)]
    for ear in ears:
        assert await ear.accepted()
        await ear.next()

    async with database.write(SYSTEM) as session:
        await log_out_everywhere(session, user_id=left.id, actor=SYSTEM)
        await session.execute(text("DELETE FROM memberships WHERE user_id = :id"), {"id": removed.id})
    ends = [await ear.end() for ear in ears[:2]]
    await tell()

    assert ends == [(4401, "auth.required"), (4403, "forbidden")]
    assert await ears[2].events(1) == [1]
    await ears[2].leave()


async def test_slow_reader_is_dropped_and_the_others_hear_everything(
    app, outlet, cookies, tell: Tell, registry
):
    async with (
        listening(app, outlet.id, cookies) as (quick, _),
        listening(app, outlet.id, cookies) as (slow, _),
    ):
        slow.hold()
        for _ in range(ROOM // 128 + 2):
            await tell(128)
            heard = await quick.events(128)
        slow.go_on()
        end = await slow.end()
        await tell()
        after = await quick.events(1)

    assert heard[-1] == 128 * (ROOM // 128 + 2)
    assert end == (1013, "realtime.slow")
    assert after == [heard[-1] + 1]
    assert registry[StreamGate].count() == 0


async def test_reader_who_reads_nothing_is_cut_off(app, outlet, cookies, tell: Tell, registry):
    registry[Sockets].pace = Pace(check=0.01, send=0.0, close=0.01)
    async with listening(app, outlet.id, cookies) as (ear, _):
        ear.hold()
        await tell()
        await ear.served

    assert registry[StreamGate].count() == 0


@pytest.mark.parametrize(
    ("said", "end"),
    [
        (["x" * (INBOUND_CHARACTERS + 1)], (1009, "realtime.too_large")),
        (["x"] * (INBOUND_COUNT + 1), (1008, "realtime.too_many")),
    ],
)
async def test_client_who_says_too_much_is_dropped(app, outlet, cookies, said, end):
    async with listening(app, outlet.id, cookies) as (ear, _):
        for text_ in said:
            ear.say(text_)
        assert await ear.end() == end


async def test_too_many_sockets_are_told_to_come_back(app, outlet, cookies, registry):
    gate = registry[StreamGate]
    gate._per_peer = 1
    async with listening(app, outlet.id, cookies):
        ear = open_ear(app, outlet.id, cookies)
        assert await ear.accepted()
        assert await ear.end() == (1013, "realtime.busy")
    async with listening(app, outlet.id, cookies):
        pass

    assert gate.count() == 0


async def test_sockets_end_with_the_hub_once_all_is_told(app, outlet, cookies, tell: Tell, registry):
    async with listening(app, outlet.id, cookies) as (ear, _):
        await tell()
        assert await ear.events(1) == [1]
        registry[Hub].close()
        with pytest.raises(Closed, match="going_away"):
            await ear.next()
        assert ear.code == 1001
