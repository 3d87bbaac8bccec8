"""What keeps an instance from facing the public, and what counts as set."""

from zoneinfo import available_timezones

import pytest
from pydantic import SecretStr

from pesan.settings import Settings, UnsafeSettings, load_settings, problems, require_safe, warnings

GOOD = "k3Yz81-unguessable-and-long-enough-7Qw"
WEAK = "PESAN_SECRET_KEY is missing, a default or shorter than 32 characters."
EVERYBODY = "PESAN_TRUSTED_PROXIES trusts every address; anybody could claim any IP."


def production(**changes: object) -> Settings:
    safe = {"environment": "production", "secret_key": SecretStr(GOOD), "base_url": "https://tiket.kita.id"}
    return Settings(**{**safe, **changes})  # type: ignore[arg-type]


def test_safe_settings_have_no_problems():
    assert problems(production()) == []


@pytest.mark.parametrize(
    "secret",
    [
        "change-me-to-something-long-and-random",
        "CHANGEME-1234567890-abcdefghijklmnop",
        "my-very-secret-key-0123456789abcdefgh",
        "an-example-of-a-key-0123456789abcdefg",
        "your-key-goes-here-0123456789abcdefgh",
        "password-0123456789abcdefghijklmnopqr",
        "<placeholder>0123456789abcdefghijklmn",
        "abababababababababababababababababab",
    ],
)
def test_a_secret_out_of_an_example_is_weak(secret: str):
    assert problems(production(secret_key=SecretStr(secret))) == [WEAK]


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "::/0"])
def test_proxies_that_are_everybody_are_refused(proxy: str):
    assert problems(production(trusted_proxies=(proxy,))) == [EVERYBODY]


@pytest.mark.parametrize(("proxy", "widest"), [("8.0.0.0/7", 8), ("0.0.0.0/1", 8), ("2000::/15", 16)])
def test_proxies_wider_than_an_organisation_are_refused(proxy: str, widest: int):
    problem = f"PESAN_TRUSTED_PROXIES trusts {proxy}, which is wider than /{widest}."
    assert problems(production(trusted_proxies=(proxy,))) == [problem]


@pytest.mark.parametrize("proxy", ["10.0.0.0/33", "proxy.local", "10.0.0"])
def test_proxies_that_are_no_address_are_refused(proxy: str):
    problem = f"PESAN_TRUSTED_PROXIES names {proxy}, which is neither an address nor a network."
    assert problems(production(trusted_proxies=(proxy,))) == [problem]


def test_proxies_of_ones_own_are_fine():
    assert problems(production(trusted_proxies=("unix", "127.0.0.1", "10.0.0.0/8", "::1", "fd00::/16"))) == []


def test_a_provider_to_sign_in_with_is_whole_and_over_tls():
    whole = {"oidc_client_id": "pesan", "oidc_client_secret": SecretStr("rahasia")}

    found = [
        problems(production(**given))
        for given in ({"oidc_issuer": "https://id.example"}, {**whole, "oidc_issuer": "http://id.example"})
    ]

    assert problems(production(**whole, oidc_issuer="https://id.example")) == []
    assert [[problem.partition(";")[0] for problem in every] for every in found] == [
        ["PESAN_OIDC_ISSUER, PESAN_OIDC_CLIENT_ID and PESAN_OIDC_CLIENT_SECRET belong together"],
        ["PESAN_OIDC_ISSUER is not https"],
    ]


def test_a_number_to_chat_with_is_whole_and_over_tls():
    secret = SecretStr("x")
    access = {
        "wa_phone_id": "1",
        "wa_access_token": secret,
        "wa_verify_token": secret,
        "wa_app_secret": secret,
    }
    whole = {**access, "wa_number": "+6281100000001", "wa_business_id": "2"}
    parts = [problems(production(**{**whole, name: type(value)("")})) for name, value in access.items()]

    assert (problems(production(**whole)), production(**whole).has_whatsapp) == ([], True)
    assert {problem.rpartition("; ")[2] for (problem,) in parts} == {"one is missing."}
    assert [production(**{**whole, name: ""}).has_whatsapp for name in ("wa_phone_id", "wa_business_id")] == [
        False,
        True,
    ]
    (unsafe,) = problems(production(**whole, wa_url="http://graph.example"))
    assert unsafe.startswith("PESAN_WA_URL is not https")
    mailed = {"smtp_url": SecretStr("smtp://127.0.0.1")}
    assert [warning.split()[0] for warning in warnings(production(**access, **mailed))] == [
        "PESAN_WA_NUMBER",
        "PESAN_WA_BUSINESS_ID",
    ]
    assert warnings(production(**whole, **mailed)) == []


@pytest.mark.parametrize("zone", ["Asia/Bandung", "", "../etc/passwd", "Asia"])
def test_an_unknown_zone_is_refused(zone: str):
    assert problems(production(zone=zone)) == [f"PESAN_ZONE is {zone}, which is no time zone."]


def test_the_zones_of_indonesia_are_known():
    wanted = {"Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"}
    assert wanted <= available_timezones()
    assert [problems(production(zone=zone)) for zone in wanted] == [[], [], []]


def test_an_instance_that_is_not_for_production_is_a_problem_and_starts():
    settings = production(environment="development")

    assert problems(settings) == ["PESAN_ENV is not production; it would start with unsafe settings."]
    require_safe(settings)


KEYS = {"storage_key_id": "AKIA", "storage_secret": SecretStr("s")}
R2 = "https://x.r2.cloudflarestorage.com"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"storage_url": "file:///srv/objects"},
        {"storage_provider": "local", "storage_bucket": "kept"},
        {"storage_url": "s3://files"},
        {"storage_bucket": "files", **KEYS},
        {"storage_provider": "r2", "storage_bucket": "files", "storage_endpoint": R2, **KEYS},
    ],
)
def test_a_whole_store_is_fine(changes: dict[str, object]):
    assert problems(production(**changes)) == []


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({"storage_bucket": "files", "storage_key_id": "AKIA"}, "Only one of PESAN_STORAGE_KEY_ID"),
        ({"storage_url": "s3://files", "storage_secret": SecretStr("s")}, "Only one of PESAN_STORAGE_KEY_ID"),
        (KEYS, "PESAN_STORAGE_BUCKET is missing"),
        ({"storage_provider": "s3"}, "PESAN_STORAGE_BUCKET is missing"),
        ({"storage_endpoint": R2}, "PESAN_STORAGE_BUCKET is missing"),
        ({"storage_provider": "r2", "storage_bucket": "files"}, "PESAN_STORAGE_ENDPOINT is missing"),
    ],
)
def test_half_a_store_is_refused(changes: dict[str, object], begins: str):
    (problem,) = problems(production(**changes))

    assert problem.startswith(begins)
    with pytest.raises(UnsafeSettings):
        require_safe(production(**changes))


def test_missing_mail_is_a_warning_and_no_problem():
    assert warnings(production()) == ["PESAN_SMTP_URL is missing; buyers would get no mail."]
    assert warnings(production(smtp_url=SecretStr("smtp://127.0.0.1"))) == []


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path):
    for name in ("DEBUG", "DATABASE_POOL_SIZE", "ENV", "TRUSTED_PROXIES", "SECRET_KEY"):
        monkeypatch.setenv(f"PESAN_{name}", "")
    monkeypatch.setenv("JWT_SECRET", GOOD)

    settings = load_settings(home=tmp_path)

    assert (settings.debug, settings.database_pool_size, settings.environment) == (False, 10, "development")
    assert (settings.trusted_proxies, settings.secret) == ((), GOOD.encode())


@pytest.mark.parametrize(
    ("url", "is_beside"),
    [
        ("http://127.0.0.1:8123", True),
        ("http://localhost:8123/", True),
        ("http://10.0.0.8:8123", False),
        ("https://graph.facebook.com", False),
        ("http://127.0.0.1.example:8123", False),
    ],
)
def test_chats_open_at_a_stand_in_on_this_machine_and_never_in_production(url: str, is_beside: bool):
    own = Settings(environment="development", wa_url=url)

    assert own.chat_url == (url.rstrip("/") if is_beside else "https://wa.me")
    assert production(wa_url=url).chat_url == "https://wa.me"
