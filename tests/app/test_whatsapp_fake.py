"""The fake is only worth something if it refuses what the real service refuses, and tells what that one tells."""

import asyncio
import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from pesan.app.whatsapp_fake import Faults, Number, Terms
from tests.support.providers.server import Asked, FakeProvider, Reply, running_provider
from tests.support.whatsapp import running_whatsapp

SARI, BUDI = "6281234567890", "6281234567891"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"gambar"


class Receiver(FakeProvider):
    """A webhook of the business: notes what came, and answers with `statuses` first, then 200."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []

    def answer(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(body=asked.query["hub.challenge"].encode(), headers={"content-type": "text/plain"})
        return Reply(self.statuses.pop(0) if self.statuses else 200)

    @property
    def values(self) -> list[dict]:
        return [
            {"field": change["field"], **change["value"]}
            for asked in self.requests
            if asked.method == "POST"
            for entry in asked.json["entry"]
            for change in entry["changes"]
        ]

    def told(self, part: str) -> list[dict]:
        return [item for value in self.values for item in value.get(part, [])]

    async def wait_for(self, part: str, count: int) -> list[dict]:
        async with asyncio.timeout(30):
            while len(self.told(part)) < count:
                await asyncio.sleep(0.01)
        return self.told(part)


@dataclass
class Line:
    """The fake, the webhook, and the business's client."""

    fake: object
    receiver: Receiver
    http: httpx.AsyncClient
    headers: dict = field(default_factory=dict)

    async def send(self, content, to=f"+{SARI}", kind="text", **rest) -> httpx.Response:
        body = {"messaging_product": "whatsapp", "to": to, "type": kind, kind: content, **rest}
        return await self.post("/messages", body)

    async def post(self, path, body) -> httpx.Response:
        number = self.fake.terms.numbers[0].id
        return await self.http.post(f"/v24.0/{number}{path}", json=body, headers=self.headers)

    async def refusal(self, content, kind="text", **rest) -> tuple[int, int]:
        answer = await self.send(content, kind=kind, **rest)
        return answer.status_code, answer.json().get("error", {}).get("code")


@asynccontextmanager
async def connected(terms=None, faults=None):
    async with running_whatsapp(terms, faults) as fake, running_provider(Receiver()) as receiver:
        fake.deliver_to(f"{receiver.url}/api/webhooks/whatsapp")
        headers = {"authorization": f"Bearer {fake.terms.access_token}"}
        async with httpx.AsyncClient(base_url=fake.url, timeout=30) as http:
            yield Line(fake, receiver, http, headers)


@pytest.fixture
async def line():
    async with connected() as line:
        yield line


async def test_message_is_taken_and_its_way_told_with_our_own_id(line):
    await line.fake.say(SARI, "Halo", name="Ibu Sari 🙏")
    await line.receiver.wait_for("messages", 1)

    answer = await line.send({"body": "Siap"}, biz_opaque_callback_data="msg-1")

    taken = answer.json()
    assert taken["contacts"] == [{"input": f"+{SARI}", "wa_id": SARI}]
    statuses = await line.receiver.wait_for("statuses", 3)
    assert [status["status"] for status in statuses] == ["sent", "delivered", "read"]
    assert {status["id"] for status in statuses} == {taken["messages"][0]["id"]}
    assert {status["biz_opaque_callback_data"] for status in statuses} == {"msg-1"}
    assert ["pricing" in status for status in statuses] == [True, True, False]
    (message,) = await line.fake.messages(SARI)
    assert (message["shape"], message["status"]) == ({"body": "Siap"}, "read")


async def test_webhooks_are_signed_over_the_very_bytes_with_escapes(line):
    await line.fake.say(SARI, "kafé ☕", name="Ibu Sari 🙏")
    await line.receiver.wait_for("messages", 1)

    (asked,) = line.receiver.requests

    assert rb"kaf\u00e9 \u2615" in asked.body
    assert rb"Ibu Sari \ud83d\ude4f" in asked.body
    expected = hmac.new(line.fake.terms.app_secret.encode(), asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-hub-signature-256"] == f"sha256={expected}"
    (value,) = line.receiver.values
    assert value["metadata"] == {
        "display_phone_number": "6281100000001",
        "phone_number_id": "106540352242922",
    }
    assert value["contacts"][0]["wa_id"] == SARI


async def test_free_form_needs_a_window_that_ends_after_exactly_24_hours(line):
    assert await line.refusal({"body": "Halo"}) == (400, 131047)

    await line.fake.move_clock(is_stopped=True)
    await line.fake.say(SARI, "Halo")
    await line.fake.move_clock(86_399)
    assert (await line.send({"body": "Halo"})).status_code == 200
    await line.fake.move_clock(1)

    answer = await line.send({"body": "Halo"})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("OAuthException", 131047)
    assert set(error) == {"message", "type", "code", "error_data", "fbtrace_id"}
    assert error["message"].startswith("(#131047) ")
    assert error["error_data"]["messaging_product"] == "whatsapp"


def buttons(count=1, title="Ya", **rest):
    replies = [
        {"type": "reply", "reply": {"id": f"b{n}", "title": f"{title}{n or ''}"}} for n in range(count)
    ]
    return {"type": "button", "body": {"text": "Benar?"}, "action": {"buttons": replies}, **rest}


def listed(rows=1, **row):
    every = [{"id": f"r{n}", "title": f"Baris {n}", **row} for n in range(rows)]
    action = {"button": "Pilih", "sections": [{"title": "Semua", "rows": every}]}
    return {"type": "list", "body": {"text": "Pilih satu"}, "action": action}


LINK = {"name": "cta_url", "parameters": {"display_text": "Bayar", "url": "https://toko.example/p"}}
TAKEN = [
    ("text", {"body": "a" * 4096}),
    ("interactive", buttons(3, footer={"text": "f" * 60}, header={"type": "text", "text": "h" * 60})),
    ("interactive", buttons(title="😀" * 20)),
    ("interactive", listed(10, description="d" * 72)),
    ("interactive", {"type": "cta_url", "body": {"text": "Bayar"}, "action": LINK}),
    ("image", {"link": "https://toko.example/qr.png", "caption": "c" * 1024}),
]
REFUSED = [
    ("text", {"body": "a" * 4097}, 131009),
    ("text", {"body": "Halo", "preview": True}, 100),
    ("text", {}, 131008),
    ("interactive", buttons(4), 131009),
    ("interactive", buttons(title="t" * 21), 131009),
    ("interactive", buttons(footer={"text": "f" * 61}), 131009),
    ("interactive", listed(11), 131009),
    ("interactive", listed(1, title="t" * 25), 131009),
    ("interactive", listed(1, description="d" * 73), 131009),
    ("interactive", {"type": "cta_url", "body": {"text": "x"}, "action": {**LINK, "name": "url"}}, 131009),
    ("image", {"link": "https://toko.example/qr.png", "id": "1"}, 131009),
    ("image", {"id": "999"}, 131009),
    ("poll", {"name": "?"}, 131051),
]


async def test_shapes_are_taken_up_to_their_limits(line):
    await line.fake.say(SARI, "Halo")
    answers = [(await line.send(content, kind=kind)).status_code for kind, content in TAKEN]
    assert answers == [200] * len(TAKEN)
    assert len(await line.fake.messages(SARI)) == len(TAKEN)


async def test_shapes_beyond_their_limits_are_refused_and_nobody_gets_them(line):
    await line.fake.say(SARI, "Halo")
    found = [await line.refusal(content, kind) for kind, content, _ in REFUSED]
    assert found == [(400, code) for *_, code in REFUSED]
    assert await line.fake.messages(SARI) == []
    assert (await line.fake.measures())["taken"] == {}


async def test_envelope_is_checked(line):
    await line.fake.say(SARI, "Halo")
    text = {"body": "Halo"}
    assert await line.refusal(text, to=SARI) == (400, 131009)
    assert await line.refusal(text, to="+6281100000001") == (400, 131021)
    assert await line.refusal(text, biz_opaque_callback_data="x" * 513) == (400, 131009)
    assert await line.refusal(text, messaging_product="sms") == (400, 100)
    line.headers = {}
    assert await line.refusal(text) == (401, 0)
    line.headers = {"authorization": "Bearer lain"}
    assert await line.refusal(text) == (401, 190)


def used(name="pesanan_siap", *parameters, language="id", **more):
    texts = [{"type": "text", "text": text} for text in parameters]
    components = [{"type": "body", "parameters": texts}, *more.get("components", [])]
    return {"name": name, "language": {"code": language}, "components": components}


async def test_templates_must_exist_be_approved_and_fit(line):
    await line.fake.set_faults(templates="PENDING")
    template_id = await line.fake.create_template("pesanan_siap", "Halo {{1}}, pesanan {{2}} siap.")
    assert await line.refusal(used("pesanan_siap", "Sari", "A1"), "template") == (404, 132001)

    decided = {"event": "APPROVED"}
    await line.http.post(f"/fake/templates/{template_id}", json=decided)

    async with asyncio.timeout(30):
        while not line.receiver.values:
            await asyncio.sleep(0.01)
    (told,) = line.receiver.values
    assert (told["field"], told["event"]) == ("message_template_status_update", "APPROVED")
    assert (told["message_template_name"], told["message_template_language"]) == ("pesanan_siap", "id")
    codes = [
        await line.refusal(content, "template")
        for content in (
            used("lain", "Sari", "A1"),
            used("pesanan_siap", "Sari", "A1", language="en"),
            used("pesanan_siap", "Sari"),
            used("pesanan_siap", "Sari\nB", "A1"),
            used("pesanan_siap", "Sari     B", "A1"),
            used("pesanan_siap", "S" * 1020, "A1"),
        )
    ]
    assert codes == [(404, 132001), (404, 132001), (400, 132000), (400, 100), (400, 100), (400, 132005)]
    answer = await line.send(used("pesanan_siap", "Sari", "A1"), kind="template")
    assert answer.json()["messages"][0]["message_status"] == "accepted"
    (message,) = await line.fake.messages(SARI)
    assert message["shown"]["text"] == "Halo Sari, pesanan A1 siap."
    assert message["shown"]["template"] == {"name": "pesanan_siap", "language": "id", "category": "utility"}


async def test_template_that_breaks_a_rule_is_not_created(line):
    path = f"/v24.0/{line.fake.terms.business_id}/message_templates"
    bodies = ["{{1}} halo", "Halo {{2}} ya", "a" * 1025]
    good = {"name": "baik", "language": "id", "category": "UTILITY"}
    example = {"body_text": [["x"]]}
    for body in bodies:
        wanted = {**good, "components": [{"type": "BODY", "text": body, "example": example}]}
        answer = await line.http.post(path, json=wanted, headers=line.headers)
        assert answer.json()["error"]["code"] in {100, 131009}
    assert (await line.http.get(path, headers=line.headers)).json()["data"] == []


async def test_taps_come_back_as_the_kind_of_what_was_tapped(line):
    await line.fake.say(SARI, "Halo")
    quick = [{"type": "QUICK_REPLY", "text": "Batalkan"}]
    await line.fake.create_template(
        "batal", "Batal saja?", components=[{"type": "BUTTONS", "buttons": quick}]
    )
    sent = [
        await line.send(buttons(), kind="interactive"),
        await line.send(listed(2), kind="interactive"),
        await line.send({"name": "batal", "language": {"code": "id"}}, kind="template"),
    ]
    ids = [answer.json()["messages"][0]["id"] for answer in sent]

    for reply_id in ("b0", "r1", "Batalkan"):
        await line.fake.say(SARI, reply_id=reply_id)

    told = {item["context"]["id"]: item for item in (await line.receiver.wait_for("messages", 4))[1:]}
    assert told[ids[0]]["interactive"]["button_reply"] == {"id": "b0", "title": "Ya"}
    assert told[ids[1]]["interactive"]["list_reply"] == {"id": "r1", "title": "Baris 1"}
    assert told[ids[2]]["button"] == {"payload": "Batalkan", "text": "Batalkan"}


async def test_picture_is_fetched_by_an_address_that_ends_after_five_minutes(line):
    query = {"caption": "Bukti", "name": "Ibu Sari"}
    answer = await line.http.post(
        f"/fake/customers/{SARI}/say", content=PNG, headers={"content-type": "image/png"}, params=query
    )
    assert answer.status_code == 201
    (message,) = await line.receiver.wait_for("messages", 1)
    image = message["image"]
    assert image["caption"] == "Bukti"

    found = (await line.http.get(f"/v24.0/{image['id']}", headers=line.headers)).json()

    assert (found["mime_type"], found["file_size"]) == ("image/png", len(PNG))
    assert found["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (await line.http.get(found["url"])).status_code == 401
    assert (await line.http.get(found["url"], headers=line.headers)).content == PNG
    await line.fake.move_clock(301)
    assert (await line.http.get(found["url"], headers=line.headers)).status_code == 404
    again = (await line.http.get(f"/v24.0/{image['id']}", headers=line.headers)).json()
    assert (await line.http.get(again["url"], headers=line.headers)).content == PNG


async def test_upload_can_be_sent(line):
    await line.fake.say(SARI, "Halo")
    number = line.fake.terms.numbers[0].id
    kept = await line.http.post(
        f"/v24.0/{number}/media",
        data={"messaging_product": "whatsapp", "type": "image/png"},
        files={"file": ("a.png", PNG, "image/png")},
        headers=line.headers,
    )
    assert (await line.send({"id": kept.json()["id"]}, kind="image")).status_code == 200


async def test_reading_is_noted_on_the_customers_message(line):
    said = await line.fake.say(SARI, "Halo")
    marker = {"messaging_product": "whatsapp", "status": "read", "message_id": said["id"]}
    answer = await line.post("/messages", {**marker, "typing_indicator": {"type": "text"}})
    assert answer.json() == {"success": True}
    assert (await line.post("/messages", {**marker, "message_id": "wamid.lain"})).status_code == 400
    (entry,) = await line.fake.messages(SARI, whole=True)
    assert entry["status"] == "read"


async def test_webhook_that_fails_is_posted_again_and_duplicates_are_equal(line):
    line.receiver.statuses = [500, 503, 200]
    await line.fake.say(SARI, "Halo")
    await line.receiver.wait_for("messages", 3)
    bodies = {asked.body for asked in line.receiver.requests}
    assert (len(line.receiver.requests), len(bodies)) == (3, 1)

    await line.fake.set_faults(duplicates=1)
    await line.fake.say(BUDI, "Halo")

    messages = await line.receiver.wait_for("messages", 5)
    assert messages[3] == messages[4]


async def test_batches_carry_several_numbers():
    terms = Terms(numbers=(Number("1", "6281100000001"), Number("2", "6281100000002")), retry_seconds=0.02)
    async with connected(terms, Faults(batch=50)) as line:
        line.fake.deliver_to("")
        for count in range(20):
            await line.fake.say(SARI, f"Halo {count}", phone_number_id=str(1 + count % 2))
        line.fake.deliver_to(f"{line.receiver.url}/api/webhooks/whatsapp")
        await line.receiver.wait_for("messages", 20)
        assert len(line.receiver.requests) == 1
        assert {value["metadata"]["phone_number_id"] for value in line.receiver.values} == {"1", "2"}
        assert await line.refusal({"body": "Halo"}, to=f"+{BUDI}") == (400, 131047)


async def test_order_is_not_kept_where_the_faults_say_so(line):
    await line.fake.set_faults(reorder=True, batch=10)
    line.fake.deliver_to("")
    said = [f"Halo {count}" for count in range(10)]
    for text in said:
        await line.fake.say(SARI, text)

    line.fake.deliver_to(f"{line.receiver.url}/api/webhooks/whatsapp")

    told = [item["text"]["body"] for item in await line.receiver.wait_for("messages", 10)]
    assert told != said
    assert sorted(told) == said


@pytest.mark.parametrize(
    ("code", "status", "taken"), [(130429, 400, 0), (131056, 400, 0), (131000, 500, 0), ("http_500", 500, 0)]
)
async def test_failures_come_as_often_as_asked(line, code, status, taken):
    await line.fake.say(SARI, "Halo")
    await line.fake.set_faults(failures=[{"code": code, "times": 1}])

    assert (await line.send({"body": "satu"})).status_code == status

    assert len(await line.fake.messages(SARI)) == taken
    assert (await line.send({"body": "dua"})).status_code == 200


async def test_cut_connection_leaves_the_message_taken(line):
    await line.fake.say(SARI, "Halo")
    await line.fake.set_faults(failures=[{"code": "cut", "times": 1}])

    with pytest.raises(httpx.RemoteProtocolError):
        await line.send({"body": "Halo"}, biz_opaque_callback_data="m")
    await line.send({"body": "Halo"}, biz_opaque_callback_data="m")

    measured = await line.fake.measures()
    assert measured["opaque"] == {"m": 2}
    assert measured["duplicates"] == {"m": 2}
    assert measured["recipients"] == {SARI: {"taken": 2, "duplicates": 1}}
    assert measured["taken"] == {"106540352242922": 2}
    assert measured["greatest_per_second"]["106540352242922"] >= 1


async def test_throughput_and_pair_rate_are_kept(line):
    await line.fake.say(SARI, "Halo")
    await line.fake.set_faults(throughput=1)
    found = {(await line.refusal({"body": "Halo"}))[1] for _ in range(30)}
    assert 130429 in found

    await line.fake.set_faults(throughput=None, pair_rate=True)
    await line.fake.move_clock(is_stopped=True)
    codes = [(await line.refusal({"body": "Halo"}))[1] for _ in range(46)]
    assert codes == [None] * 45 + [131056]
    await line.fake.move_clock(6)
    assert await line.refusal({"body": "Halo"}) == (200, None)


async def test_undeliverable_message_is_taken_and_fails_later(line):
    await line.fake.say(SARI, "Halo")
    await line.fake.set_faults(undeliverable={SARI: 131026})

    assert (await line.send({"body": "Halo"})).status_code == 200

    (status,) = await line.receiver.wait_for("statuses", 1)
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131026)
    assert await line.fake.messages(SARI) == []


async def test_marketing_that_a_customer_stopped_is_not_delivered(line):
    await line.fake.create_template("promo", "Ada promo untukmu.", category="MARKETING")
    await line.http.post(f"/fake/customers/{SARI}/marketing", json={"value": "stop"})
    (told,) = await line.receiver.wait_for("user_preferences", 1)
    assert (told["wa_id"], told["value"]) == (SARI, "stop")
    await line.send({"name": "promo", "language": {"code": "id"}}, kind="template")
    (status,) = await line.receiver.wait_for("statuses", 1)
    assert status["errors"][0]["code"] == 131050


async def test_customer_who_hides_the_number_is_known_by_a_user_id(line):
    await line.fake.say(SARI, "Halo", hides_number=True)
    (message,) = await line.receiver.wait_for("messages", 1)
    (value,) = line.receiver.values
    assert "from" not in message
    assert "wa_id" not in value["contacts"][0]
    body = {"messaging_product": "whatsapp", "recipient": message["from_user_id"]}
    answer = await line.post("/messages", {**body, "type": "text", "text": {"body": "Halo"}})
    assert answer.status_code == 200


async def test_burst_reports_every_post(line):
    report = await line.fake.burst(count=25, batch=10, duplicates=1, reorder=True, customers=5)
    assert report["updates"] == 25
    assert [post["updates"] for post in report["posts"]] == [10, 10, 10, 10, 5, 5]
    assert report["statuses"] == {"200": 6}
    assert set(report["milliseconds"]) == {"p50", "p95", "p99", "max"}
    texts = {message["text"]["body"] for message in line.receiver.told("messages")}
    assert texts == {f"Halo {n}" for n in range(1, 26)}


async def test_webhook_is_verified(line):
    assert (await line.http.post("/fake/verify")).json() == {"status": 200, "is_verified": True}


async def test_reset_forgets_everything_but_the_webhook(line):
    await line.fake.set_faults(throughput=5)
    line.fake.deliver_to("")
    await line.fake.say(SARI, "lama")
    await line.send({"body": "Halo"})

    await line.fake.reset()

    assert (await line.http.get("/fake/customers")).json() == []
    assert (await line.fake.measures())["taken"] == {}
    assert (await line.http.get("/fake/faults")).json()["throughput"] is None
    assert await line.refusal({"body": "Halo"}) == (400, 131047)
    assert json.loads((await line.http.get("/fake/clock")).content)["now"] > 0
    line.fake.deliver_to(f"{line.receiver.url}/api/webhooks/whatsapp")
    await line.fake.say(SARI, "baru")
    assert [item["text"]["body"] for item in await line.receiver.wait_for("messages", 1)] == ["baru"]


async def test_fixture_delivers_to_an_application_in_this_process(whatsapp):
    heard = []

    async def app(scope, receive, send):
        heard.append((scope["path"], (await receive())["body"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    await whatsapp.say(SARI, "Halo")
    whatsapp.deliver_to(app)

    async with asyncio.timeout(30):
        while not heard:
            await asyncio.sleep(0.01)
    ((path, body),) = heard
    assert path == "/api/webhooks/whatsapp"
    assert b'"text":{"body":"Halo"}' in body
    assert whatsapp.settings["wa_url"] == whatsapp.url


async def test_pages_of_other_sites_may_not_ask(line):
    headers = {"origin": "https://lain.example"}
    assert (await line.http.post("/fake/reset", headers=headers)).status_code == 403
    assert (await line.http.get("/fake/state", headers={"host": "lain.example"})).status_code == 403
    own = {"origin": line.fake.url}
    assert (await line.http.post("/fake/reset", headers=own)).status_code == 200
