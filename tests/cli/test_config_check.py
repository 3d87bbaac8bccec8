"""`pesan config check`: what keeps an instance from facing the public."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pesan.cli.main import app
from tests.support.service import Service

SAFE = {
    "PESAN_ENV": "production",
    "PESAN_SECRET_KEY": "k3Yz81-unguessable-and-long-enough-7Qw",
    "PESAN_BASE_URL": "https://tiket.example.id",
    "PESAN_SMTP_URL": "smtp://127.0.0.1:25",
}


def check(home: Path, environment: dict[str, str]) -> tuple[int, dict]:
    settings = {**environment, "PESAN_HOME": str(home)}
    done = CliRunner(env=settings).invoke(app, ["config", "check", "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_config_check_of_safe_settings_finds_nothing(tmp_path: Path):
    assert check(tmp_path, SAFE) == (0, {"ok": True, "problems": [], "warnings": []})


def test_config_check_warns_of_missing_mail_and_passes(tmp_path: Path):
    warning = "PESAN_SMTP_URL is missing; buyers would get no mail."
    found = {"ok": True, "problems": [], "warnings": [warning]}
    assert check(tmp_path, {**SAFE, "PESAN_SMTP_URL": ""}) == (0, found)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"PESAN_DEBUG": "true"}, "PESAN_DEBUG is on; errors would show internals."),
        (
            {"PESAN_SECRET_KEY": "short"},
            "PESAN_SECRET_KEY is missing, a default or shorter than 32 characters.",
        ),
        (
            {"PESAN_SECRET_KEY": "development-secret-change-me"},
            "PESAN_SECRET_KEY is missing, a default or shorter than 32 characters.",
        ),
        (
            {"PESAN_BASE_URL": ""},
            "PESAN_BASE_URL is missing; links in mails and tickets would point nowhere.",
        ),
        ({"PESAN_BASE_URL": "http://tiket.example.id"}, "PESAN_BASE_URL is not https."),
        (
            {"PESAN_TRUSTED_PROXIES": "0.0.0.0/0"},
            "PESAN_TRUSTED_PROXIES trusts every address; anybody could claim any IP.",
        ),
        ({"PESAN_TRUSTED_HOSTS": "*"}, "PESAN_TRUSTED_HOSTS accepts every host name."),
        ({"PESAN_RATE_LIMITS": "off"}, "PESAN_RATE_LIMITS is off."),
    ],
)
def test_config_check_names_what_is_unsafe(tmp_path: Path, changes: dict[str, str], problem: str):
    assert check(tmp_path, {**SAFE, **changes}) == (
        1,
        {"ok": False, "problems": [problem], "warnings": []},
    )


def test_config_check_touches_no_database(tmp_path: Path):
    check(tmp_path / "home", SAFE)

    assert not (tmp_path / "home" / "postgres").exists()


@pytest.mark.parametrize("command", [("serve", "--port", "1"), ("migrate",), ("doctor",)])
def test_a_production_instance_with_unsafe_settings_refuses_every_command(
    tmp_path: Path, command: tuple[str, ...]
):
    unsafe = {**SAFE, "PESAN_SECRET_KEY": "short"}

    done = Service(tmp_path / "home", unsafe, 0).attempt(*command)

    assert done.returncode == 2
    assert not (tmp_path / "home" / "postgres").exists()
