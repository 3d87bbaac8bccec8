"""Payment methods, brand and parked jobs."""

import io
import re

import pytest
import segno
from sqlalchemy import URL, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from pesan.backoffice.forms.brand import BrandForm, accent_contrast
from pesan.backoffice.forms.state import read_form
from pesan.payments import qris
from pesan.payments.models import PaymentMethod
from pesan.tenancy.models import Merchant
from tests.backoffice.conftest import Team, picture
from tests.support.factories import SYSTEM

STATIC = (
    "00020101021126610014COM.GO-JEK.WWW01189360091434506469550210G4506469550303UMI51440014ID.CO.QRIS.WWW"
    "0215ID10243143520260303UMI5204549953033605802ID5910Kopi Senja6007Jakarta61051234562070703A01"
)
BRAND = {
    "name": "Kopi Senja Baru",
    "accent": "#0F766E",
    "zone": "Asia/Makassar",
    "contact_wa": "0812 3456 7890",
}


def code() -> str:
    return f"{STATIC}6304{qris.crc(STATIC + '6304')}"


async def methods(team: Team) -> list[PaymentMethod]:
    async with team.database.read(SYSTEM) as session:
        query = select(PaymentMethod).where(PaymentMethod.merchant_id == team.merchant.id)
        return list((await session.scalars(query.order_by(PaymentMethod.created_at))).all())


async def test_bank_account_is_added_and_switched_off(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"
    form = {"bank_name": "Mandiri", "account_no": "123-00-0456", "account_holder": "PT Kopi Senja"}

    added = await browser.submit(page, f"{page}/bank", form)
    method = (await methods(team))[-1]
    hidden = await browser.submit(page, f"{page}/{method.id}/active", {"is_active": "false"})

    assert (added.status_code, hidden.status_code) == (303, 303)
    assert (method.bank_name, method.account_no) == ("Mandiri", "123000456")
    assert [one.is_active for one in await methods(team)] == [True, False]


async def test_account_number_with_letters_is_refused(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"
    form = {"bank_name": "BCA", "account_no": "12AB", "account_holder": "PT Kopi"}

    answer = await browser.submit(page, f"{page}/bank", form)

    assert answer.status_code == 422
    assert "Tulis nomor rekening, hanya angka." in answer.text
    assert len(await methods(team)) == 1


async def test_pasted_qris_is_checked_and_shown_decoded(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"

    answer = await browser.submit(page, f"{page}/qris", {"display_name": "QRIS", "qris_payload": code()})
    html = (await browser.get(page)).text

    assert answer.status_code == 303
    assert [fact in html for fact in ("Kopi Senja", "Jakarta", "ID1024314352026")] == [True] * 3


async def test_qris_is_read_from_its_picture(team: Team) -> None:
    image = io.BytesIO()
    segno.make(code(), error="m").save(image, kind="png", scale=8, border=4)
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"

    answer = await browser.submit(
        page,
        f"{page}/qris",
        {"display_name": "QRIS"},
        files={"file": ("q.png", image.getvalue(), "image/png")},
    )

    assert answer.status_code == 303
    assert (await methods(team))[-1].qris_payload == code()


@pytest.mark.parametrize("broken", ["", "000201", code()[:-4] + "0000"])
async def test_broken_qris_is_refused(team: Team, broken: str) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"

    answer = await browser.submit(page, f"{page}/qris", {"display_name": "QRIS", "qris_payload": broken})

    assert answer.status_code == 422
    assert len(await methods(team)) == 1


async def test_picture_without_a_code_is_refused(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/payment-methods"

    answer = await browser.submit(
        page, f"{page}/qris", {"display_name": "QRIS"}, files={"file": ("q.jpg", picture(), "image/jpeg")}
    )

    assert answer.status_code == 422
    assert "Tidak ada kode QR yang terbaca" in answer.text


@pytest.mark.parametrize(
    ("accent", "readable"), [("#0f766e", True), ("#ffff00", True), ("#5b3df5", True), ("#808080", True)]
)
def test_accent_is_judged_by_its_contrast(accent: str, readable: bool) -> None:
    assert (accent_contrast(accent) >= 4.5) is readable


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"accent": "hijau"}, "accent"), ({"zone": "Europe/Paris"}, "zone"), ({"contact_wa": "12"}, "contact_wa"),
     ({"contact_email": "x"}, "contact_email"), ({"name": "K"}, "name")],
)  # fmt: skip
def test_brand_form_names_the_field(changes: dict[str, str], field: str) -> None:
    assert list(read_form(BrandForm, BRAND | changes).state.errors) == [field]


async def test_brand_is_changed_and_carried_by_the_pages(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/brand"

    answer = await browser.submit(page, page, BRAND)
    html = (await browser.get(page)).text

    async with team.database.read(SYSTEM) as session:
        merchant = await session.get_one(Merchant, team.merchant.id)
    assert answer.status_code == 303
    assert (merchant.name, merchant.accent, merchant.zone, merchant.contact_wa) == (
        "Kopi Senja Baru",
        "#0f766e",
        "Asia/Makassar",
        "+6281234567890",
    )
    assert "--accent:#0f766e" in html


async def test_logo_is_stored_and_shown(team: Team) -> None:
    browser = await team.sign_in("organizer")
    page = f"{team.path}/brand"

    answer = await browser.submit(page, f"{page}/logo", files={"file": ("logo.jpg", picture(), "image/jpeg")})
    html = (await browser.get(page)).text
    link = html.partition('class="logo-preview" src="')[2].partition('"')[0]

    assert answer.status_code == 303
    assert (await browser.get(link)).headers["content-type"] == "image/webp"


async def test_unknown_job_cannot_be_retried(team: Team) -> None:
    browser = await team.sign_in("admin")

    answer = await browser.submit("/backoffice/account", "/backoffice/jobs/1/retry")

    assert answer.status_code == 404


async def test_all_parked_jobs_are_queued_again(team: Team, postgres, database_url: URL) -> None:
    with postgres.connect(database_url.database) as owner:
        owner.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
            " SELECT 'mail', 'sample.parked', 'failed', 5 FROM generate_series(1, 51)"
        )
    browser = await team.sign_in("admin")

    first = (await browser.get("/backoffice/jobs")).text
    older = re.search(r'href="(/backoffice/jobs[?]before=\d+)"', first)
    assert older is not None
    second = (await browser.get(older[1])).text
    answer = await browser.submit("/backoffice/jobs", "/backoffice/jobs/retry")
    shown = (await browser.get(answer.headers["location"])).text

    assert [page.count('<span class="code">sample.parked</span>') for page in (first, second)] == [50, 1]
    assert "pekerja mati" in first
    assert "51 pekerjaan dijadwalkan ulang." in shown
    with postgres.connect(database_url.database) as owner:
        left = owner.execute("SELECT status::text, attempts, count(*) FROM procrastinate_jobs GROUP BY 1, 2")
        assert left.fetchall() == [("todo", 0, 51)]


async def test_parked_job_is_shown_and_queued_again(team: Team, database_url: URL) -> None:
    owner = create_async_engine(database_url)
    async with owner.begin() as connection:
        job = await connection.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
                " VALUES ('default', 'tickets.fulfil_order', 'failed', 5) RETURNING id"
            )
        )
    browser = await team.sign_in("admin")

    shown = (await browser.get("/backoffice/jobs")).text
    answer = await browser.submit("/backoffice/jobs", f"/backoffice/jobs/{job}/retry")

    async with owner.begin() as connection:
        status = await connection.scalar(
            text("SELECT status FROM procrastinate_jobs WHERE id = :id"), {"id": job}
        )
    await owner.dispose()
    assert "tickets.fulfil_order" in shown
    assert (answer.status_code, answer.headers["location"]) == (303, f"/backoffice/jobs?done={job}")
    assert status == "todo"
