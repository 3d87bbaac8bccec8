"""Signing in and out over HTTP."""

import pytest

from tests.backoffice.conftest import PASSWORD, OpenBrowser, Team

LOGIN = "/backoffice/login"


@pytest.fixture(autouse=True)
async def _staff(team: Team) -> None:
    await team.sign_in("staff")


async def test_log_in_sets_a_guarded_cookie_and_goes_on(team: Team, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    form = {"email": "staff@kopi.example", "password": PASSWORD, "next": f"{team.path}/review"}

    answer = await browser.submit(LOGIN, LOGIN, form)

    cookie = next(value for value in answer.headers.get_list("set-cookie") if "session" in value)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{team.path}/review")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age" not in cookie


async def test_log_in_never_takes_up_a_session_set_before(team: Team, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    browser.client.cookies.set("pesan_session", "x" * 43, domain="127.0.0.1")

    await browser.submit(LOGIN, LOGIN, {"email": "staff@kopi.example", "password": PASSWORD})

    assert browser.client.cookies["pesan_session"] != "x" * 43


async def test_log_in_again_ends_the_older_session(team: Team) -> None:
    browser = await team.sign_in("staff")
    first = browser.client.cookies["pesan_session"]
    await browser.submit("/backoffice/account", LOGIN, {"email": "staff@kopi.example", "password": PASSWORD})
    second = browser.client.cookies["pesan_session"]
    browser.client.cookies.clear()
    browser.client.cookies.set("pesan_session", first, domain="127.0.0.1")

    answer = await browser.get("/backoffice")

    assert first != second
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, LOGIN)


@pytest.mark.parametrize(
    ("email", "password"), [("staff@kopi.example", "bukan"), ("x@kopi.example", PASSWORD)]
)
async def test_refused_log_in_says_the_same_and_keeps_the_address(
    team: Team, open_browser: OpenBrowser, email: str, password: str
) -> None:
    browser = await open_browser()

    answer = await browser.submit(LOGIN, LOGIN, {"email": email, "password": password})

    assert answer.status_code == 401
    assert "E-mail atau kata sandi tidak cocok." in answer.text
    assert f'value="{email}"' in answer.text
    assert password not in answer.text


async def test_locked_log_in_says_how_long(team: Team, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    wrong = {"email": "staff@kopi.example", "password": "bukan"}

    answers = [await browser.submit(LOGIN, LOGIN, wrong) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert "Coba lagi 15 menit lagi." in answers[4].text
    assert 0 < int(answers[5].headers["retry-after"]) <= 900


async def test_log_in_without_the_forms_token_is_refused(team: Team, open_browser: OpenBrowser) -> None:
    browser = await open_browser()
    await browser.get(LOGIN)

    answer = await browser.client.post(LOGIN, data={"email": "staff@kopi.example", "password": PASSWORD})

    assert answer.status_code == 403
    assert "pesan_session" not in browser.client.cookies


@pytest.mark.parametrize(
    "target", ["//evil.example", "https:evil.example", "/\\evil.example", "javascript:1"]
)
async def test_log_in_leads_nowhere_else(team: Team, open_browser: OpenBrowser, target: str) -> None:
    browser = await open_browser()
    form = {"email": "staff@kopi.example", "password": PASSWORD, "next": target}

    answer = await browser.submit(LOGIN, LOGIN, form)

    assert answer.headers["location"] == "/backoffice"


async def test_log_out_ends_the_session_on_the_server(team: Team) -> None:
    browser = await team.sign_in("staff")
    token = browser.client.cookies["pesan_session"]

    answer = await browser.submit("/backoffice/account", "/backoffice/logout")
    browser.client.cookies.clear()
    browser.client.cookies.set("pesan_session", token, domain="127.0.0.1")

    assert (answer.status_code, answer.headers["location"]) == (303, LOGIN)
    assert (await browser.get("/backoffice/account")).status_code == 303


async def test_page_without_a_session_leads_to_log_in_and_back(team: Team, open_browser: OpenBrowser) -> None:
    browser = await open_browser()

    answer = await browser.get(f"{team.path}/bookings?state=REVIEW")

    assert answer.status_code == 303
    assert answer.headers["location"] == (
        "/backoffice/login?next=%2Forganizer%2Fkopi-senja%2Fbookings%3Fstate%3DREVIEW"
    )


async def test_changed_password_counts(team: Team, open_browser: OpenBrowser) -> None:
    browser, elsewhere = await team.sign_in("staff"), await team.sign_in("staff")
    form = {"current": PASSWORD, "new": "gajah payung hijau"}

    answer = await browser.submit("/backoffice/account", "/backoffice/account", form)

    assert (answer.status_code, answer.headers["location"]) == (303, "/backoffice/account?saved=true")
    assert (await browser.get("/backoffice/account")).status_code == 200
    assert (await elsewhere.get("/backoffice/account")).status_code == 303


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"current": "salah", "new": "gajah payung hijau"}, 401, "tidak cocok"),
        ({"current": PASSWORD, "new": "password123"}, 422, "terlalu mudah ditebak"),
        ({"current": PASSWORD, "new": "pendek"}, 422, "minimal 10 karakter"),
    ],
)
async def test_refused_password_change_says_why(
    team: Team, form: dict[str, str], status: int, words: str
) -> None:
    browser = await team.sign_in("staff")

    answer = await browser.submit("/backoffice/account", "/backoffice/account", form)

    assert answer.status_code == status
    assert words in answer.text
    assert form["new"] not in answer.text
