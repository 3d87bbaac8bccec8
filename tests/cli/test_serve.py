"""`pesan serve`: the whole instance in the foreground, and other commands beside it."""

import httpx

from tests.support.service import StartService


async def test_serve_answers_until_it_is_told_to_stop(live_server: StartService):
    service = await live_server()
    service.run("merchant", "create", "--name", "Kopi Teduh", "--slug", "kopi-teduh")

    made = service.run(
        *("event", "create", "--merchant", "kopi-teduh", "--title", "Malam Keroncong"),
        *("--starts-at", "2027-01-05T19:00", "--capacity", "40", "--price", "150000"),
    )

    assert made["url"] == f"{service.url}/x/malam-keroncong-{made['short_id']}"
    async with httpx.AsyncClient() as client:
        page = await client.get(made["url"])
        item = await client.get(f"{service.url}/api/items/{made['id']}")
    assert (page.status_code, item.json()["status"]) == (200, "open")
    assert await service.stop() == 0
    assert not (service.home / "address").exists()
