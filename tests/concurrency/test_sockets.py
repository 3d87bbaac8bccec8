"""Sockets over two processes: who is cut off goes on where they were, and who is sent away is told so."""

import asyncio
import signal

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from pesan.app.processes import NOTICE
from pesan.booths.feed import tell_many
from pesan.booths.topics import topic_of
from pesan.catalog.models import Event
from pesan.db import Database
from pesan.realtime import Hub
from tests.booths.feeds import happening
from tests.booths.followers import Follower, open_socket
from tests.support.kill import Part, find
from tests.support.service import Service

pytestmark = pytest.mark.timeout(600)
EVENTS = 120
FOLLOWERS = 10
# They hang up now and then, and come back to whichever process answers.
RESTLESS = 5


def connections(process: psutil.Process, port: int) -> int:
    """How many sockets a process has open there."""
    found = process.net_connections(kind="tcp")
    return sum(each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port for each in found)


def kill_the_busier(service: Service) -> None:
    victim = max(find(service, Part.WEB), key=lambda process: connections(process, service.port))
    victim.send_signal(signal.SIGKILL)


async def tell(database: Database, hub: Hub, outlet: Event, count: int) -> None:
    """Let so many things happen one after the other."""
    for _ in range(count):
        async with database.sale() as session:
            await tell_many(session, [happening(outlet)])
        hub.hint(topic_of(outlet.id))


async def test_nothing_is_lost_or_told_twice_though_a_process_is_killed(
    live_server, make, database, database_url
):
    merchant = await make.merchant()
    outlet = await make.event(merchant, fulfilment="booths")
    cookies = await make.session_of(await make.user(merchant))
    service = await live_server(workers=2, PESAN_MAX_STREAMS_PER_PEER="100")
    followers = [
        Follower(service.url, outlet.id, cookies, EVENTS, patience=7 if number < RESTLESS else EVENTS + 1)
        for number in range(FOLLOWERS)
    ]
    following = [asyncio.create_task(follower.follow()) for follower in followers]
    async with Hub(database_url) as hub:
        await tell(database, hub, outlet, EVENTS // 2)
        while not all(follower.heard for follower in followers):
            await asyncio.sleep(0.01)
        kill_the_busier(service)
        await tell(database, hub, outlet, EVENTS // 2)
        await asyncio.gather(*following)

    assert [follower.heard for follower in followers] == [list(range(1, EVENTS + 1))] * FOLLOWERS
    assert sum(follower.cut_off for follower in followers) > 0
    assert sum(follower.resets for follower in followers) == 0


async def test_process_that_is_about_to_end_sends_its_sockets_away(live_server, make):
    merchant = await make.merchant()
    outlet = await make.event(merchant, fulfilment="booths")
    cookies = await make.session_of(await make.user(merchant))
    service = await live_server()
    async with open_socket(service.url, outlet.id, cookies) as leaving:
        await leaving.recv()
        find(service, Part.WEB)[0].send_signal(NOTICE)  # which tells its web processes
        with pytest.raises(ConnectionClosed) as ended:
            await leaving.recv()
    async with open_socket(service.url, outlet.id, cookies) as late:
        with pytest.raises(ConnectionClosed) as sent_away:
            await late.recv()

    for closed in (ended.value, sent_away.value):
        assert (closed.rcvd.code, closed.rcvd.reason) == (1001, "realtime.going_away")
    assert await service.stop() == 0
