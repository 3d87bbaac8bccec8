"""Profiles over HTTP: how one begins, what everybody sees, and what is kept of pictures."""

import asyncio
import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from pesan.identity.service import set_membership
from pesan.identity.states import MerchantRole
from pesan.jastip.api.profiles import FRESH_SECONDS
from pesan.jastip.orphans import collect_pictures
from pesan.jastip.service.trips import amend_trip
from pesan.kit.ids import new_id
from pesan.storage.keeping import open_keeping
from pesan.tenancy.models import Merchant
from tests.storage.files import encoded, picture
from tests.support.factories import PASSWORD, SYSTEM
from tests.support.trips import make_journey, make_product

FOREVER = timedelta(days=1)
TRIP = {"title": "Jastip Jepang Mei", "slug": "jpn25", "isActive": True}


async def shown(client, slug, **headers):
    return await client.get(f"/api/profile/{slug}", headers=headers)


async def merchants(database):
    async with database.read(SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(Merchant))


async def test_an_account_becomes_a_jastiper_with_its_first_trip(program, client, database):
    tina = await program(name="Tina Wijaya")
    before = await merchants(database)
    assert (await tina.get("/api/profile/me")).json()["user"]["slug"] is None

    answers = await asyncio.gather(
        tina.post("/api/trips", json=TRIP), tina.post("/api/trips", json={**TRIP, "slug": "kor25"})
    )

    assert [answer.status_code for answer in answers] == [201, 201]
    assert await merchants(database) == before + 1
    me = (await tina.get("/api/profile/me")).json()
    assert (me["user"]["slug"], me["user"]["profileName"], len(me["trips"])) == (
        "tina-wijaya",
        "Tina Wijaya",
        2,
    )
    assert (await shown(client, "tina-wijaya")).json()["user"]["name"] == "Tina Wijaya"
    again = {"email": me["user"]["email"], "password": PASSWORD}
    assert (await client.post("/api/auth/login", json=again)).json()["user"]["slug"] == "tina-wijaya"


@pytest.mark.parametrize("name", ["Account", "Dashboard", "Me"])
async def test_no_profile_gets_an_address_that_is_ours(program, name):
    somebody = await program(name=name)

    user = (await somebody.patch("/api/profile/me", json={"profileBio": "Halo"})).json()["user"]

    assert user["slug"] in {f"{name.lower()}-2", "jastip-me"}


async def test_people_of_one_name_get_addresses_of_their_own(program):
    slugs = [
        (await (await program(name="Siti")).patch("/api/profile/me", json={"profileBio": "Halo"})).json()[
            "user"
        ]["slug"]
        for _ in range(3)
    ]

    assert slugs == ["siti", "siti-2", "siti-3"]


async def test_a_profile_shows_active_trips_at_a_fixed_number_of_queries(
    make, database, settings, client, journey, count_page_queries
):
    slug = journey.merchant.slug
    counts = []
    for more in (0, 2):
        for _ in range(more):
            await make_product(await make_journey(make, database, settings, journey.merchant))
        with count_page_queries() as queries:
            answer = await shown(client, slug)
        counts.append((len(answer.json()["trips"]), len(queries)))
    await make_journey(make, database, settings, journey.merchant, is_active=False)

    assert [trips for trips, _ in counts] == [1, 3]
    assert counts[0][1] == counts[1][1]
    assert len((await shown(client, slug)).json()["trips"]) == 3


async def test_a_cached_profile_says_nothing_of_whoever_asks_and_changes_at_once(client, journey, database):
    first = await shown(client, journey.merchant.slug)
    tag = first.headers["etag"]
    same = await shown(client, journey.merchant.slug, **{"If-None-Match": tag})

    assert first.headers["cache-control"] == f"public, max-age={FRESH_SECONDS}"
    assert {"x-server-time", "set-cookie"} & set(first.headers) == set()
    assert (same.status_code, same.content) == (304, b"")

    # As another process would, which this one does not hear of.
    async with database.write(SYSTEM) as session:
        await amend_trip(session, journey.id, said={"title": "Jastip Korea"}, actor=SYSTEM)
    changed = await shown(client, journey.merchant.slug, **{"If-None-Match": tag})
    assert (changed.status_code, changed.json()["trips"][0]["title"]) == (200, "Jastip Korea")


async def test_pictures_are_made_small_and_lose_what_the_camera_wrote(
    program, client, settings, journey, database
):
    owner = await program(journey.merchant)
    photo = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "rumah saya"
    picture(900, 600).save(photo, "JPEG", exif=exif)
    files = {
        "avatar": ("a.jpg", photo.getvalue(), "image/jpeg"),
        "coverImage": ("b.png", encoded(picture(90, 60), "PNG"), "image/png"),
    }

    key = {"Idempotency-Key": str(new_id())}
    answer = await owner.patch(
        "/api/profile/me", data={"profileName": "Jastip by Tina"}, files=files, headers=key
    )
    again = await owner.patch(
        "/api/profile/me", data={"profileName": "Jastip by Tina"}, files=files, headers=key
    )

    user = answer.json()["user"]
    assert (again.content, again.headers["idempotency-replayed"]) == (answer.content, "true")
    assert f"/media/avatars/{journey.merchant.id}/" in user["avatar"]
    got = await client.get(user["avatar"])
    seen = Image.open(io.BytesIO(got.content))
    assert (got.headers["content-type"], seen.size, len(seen.getexif())) == ("image/webp", (512, 512), 0)
    # By its address it is kept; what nothing names any more is collected.
    kept = await owner.patch("/api/profile/me", json={"avatar": user["avatar"], "coverImage": None})
    assert (kept.json()["user"]["avatar"], kept.json()["user"]["coverImage"]) == (user["avatar"], None)
    worker = open_keeping(settings, database)
    assert await collect_pictures(database, worker, age=-FOREVER) == 2  # both sizes of the cover
    assert (await client.get(user["avatar"])).status_code == 200
    small = user["avatar"].replace(".webp", "-small.webp")
    assert (await client.get(small)).status_code == 200
    assert (await owner.patch("/api/profile/me", json={"avatar": small})).status_code == 422


async def test_a_picture_of_somebody_else_or_too_large_is_refused(program, journey):
    owner = await program(journey.merchant)
    theirs = f"avatars/{new_id()}/{new_id()}.webp"
    large = {"avatar": ("a.png", encoded(picture(80, 80), "PNG") + bytes(2 * 1024 * 1024), "image/png")}

    assert (await owner.patch("/api/profile/me", json={"avatar": theirs})).status_code == 422
    assert (await owner.patch("/api/profile/me", files=large)).status_code == 413
    assert (await owner.get("/api/profile/me")).json()["user"]["avatar"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"slug": "admin"},
        {"profileName": None},
        {"profileName": "a\u202eb c"},
        {"profileBio": "x" * 501},
        {"id": "1"},
    ],
)
async def test_a_profile_takes_what_it_names_alone(program, journey, body):
    owner = await program(journey.merchant)
    before = (await owner.get("/api/profile/me")).json()

    answer = await owner.patch("/api/profile/me", json=body)

    assert (answer.status_code, answer.json()["error"]) == (422, answer.json()["detail"])
    assert (await owner.get("/api/profile/me")).json() == before


async def test_whoever_organizes_several_merchants_names_the_one_they_mean(
    client, make, database, settings, program, journey
):
    other, strangers = await make.merchant(), await make.merchant()
    person = await make.user(journey.merchant, MerchantRole.ORGANIZER)
    async with database.write(SYSTEM) as session:
        role = {"role": MerchantRole.ORGANIZER, "actor": SYSTEM}
        await set_membership(session, user_id=person.id, merchant_id=other.id, **role)
    answer = await client.post("/api/auth/login", json={"email": person.email, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    named, foreign = ({"params": {"merchantId": str(one.id)}} for one in (other, strangers))
    said, trip = {"profileBio": "Korea"}, {"title": "Jastip Seoul", "slug": "sel26"}

    unnamed = await client.get("/api/profile/me")
    changed = await client.patch("/api/profile/me", json=said, **named)
    planned = await client.post("/api/trips", json=trip, **named)
    seen = await client.get("/api/profile/me", **named)
    refused = [
        await client.get("/api/profile/me", **foreign),
        await client.patch("/api/profile/me", json=said, **foreign),
        await client.post("/api/trips", json={**trip, "slug": "sel27"}, **foreign),
    ]

    assert unnamed.json()["user"]["slug"] == journey.merchant.slug
    assert [changed.json()["user"][name] for name in ("slug", "profileBio")] == [other.slug, "Korea"]
    assert (planned.status_code, [each["slug"] for each in seen.json()["trips"]]) == (201, ["sel26"])
    assert [answer.status_code for answer in refused] == [404] * 3
    assert len((await client.get("/api/trips")).json()["trips"]) == 2
