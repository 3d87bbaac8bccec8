"""The stand-in for WhatsApp as a process of its own, and where it is never run."""

import subprocess
import time

import httpx
import pytest

from pesan.app.whatsapp_fake import free_port
from pesan.app.whatsapp_fake.instance import FakeRefused, terms_of, variables_for
from pesan.cli import run
from pesan.settings import Settings
from tests.support.service import PESAN


def test_command_serves_until_it_is_told_to_stop(tmp_path):
    port = free_port()
    environment = {"PESAN_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [
        str(PESAN),
        "whatsapp-fake",
        "--port",
        str(port),
        "--number",
        "11:628110",
        "--number",
        "22:628111",
    ]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            windows = _ask(f"http://127.0.0.1:{port}/fake/customers/6281234567890/window", process)
            second = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
        finally:
            process.terminate()
    assert windows == {"11": 0, "22": 0}
    assert second.returncode != 0
    assert process.returncode == 0


def _ask(url, process):
    for _ in range(1200):
        assert process.poll() is None, process.stderr.read()
        try:
            return httpx.get(url, timeout=30).json()
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("it never answered")


def test_production_is_refused():
    with pytest.raises(FakeRefused):
        terms_of(Settings(environment="production"), "")


def test_an_instance_and_its_fake_agree(monkeypatch):
    for name, value in variables_for(8123).items():
        monkeypatch.setenv(name, value)

    settings = Settings()
    terms = terms_of(settings, "http://127.0.0.1:8000/api/webhooks/whatsapp")

    assert settings.has_whatsapp
    assert settings.wa_url == "http://127.0.0.1:8123"
    assert terms.access_token == settings.wa_access_token.get_secret_value()
    assert terms.app_secret == settings.wa_app_secret.get_secret_value() != ""
    assert (terms.numbers[0].id, terms.business_id) == (settings.wa_phone_id, settings.wa_business_id)


def test_demo_has_one_beside_it_and_is_set_to_use_it(monkeypatch, tmp_path):
    for name in variables_for(1):
        monkeypatch.setenv(name, "")  # so that what is set meanwhile is taken back
    monkeypatch.setenv("PESAN_HOME", str(tmp_path))

    child = run._whatsapp(8000)

    settings = Settings()
    port = child.command[child.command.index("--port") + 1]
    assert settings.has_whatsapp
    assert settings.wa_url == f"http://127.0.0.1:{port}"
    with subprocess.Popen(child.command, stderr=subprocess.PIPE) as process:
        try:
            page = _ask(f"{settings.wa_url}/fake/faults", process)
        finally:
            process.terminate()
    assert page["statuses"] == "delivered"
    assert process.returncode == 0
