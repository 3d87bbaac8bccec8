"""Commands on a bare machine: the embedded server is made, found and left by each of them."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pesan.db.embedded import EmbeddedServer
from tests.cli.test_config_check import SAFE
from tests.support.embedded import runs
from tests.support.service import Service


def test_commands_make_the_database_and_leave_nothing_running(tmp_path: Path):
    pesan = Service(tmp_path / "a home", {}, 0)

    made = pesan.run("merchant", "create", "--name", "Kopi Teduh", "--slug", "kopi-teduh")
    again = pesan.attempt("merchant", "create", "--name", "Lain", "--slug", "kopi-teduh")

    assert made == {"id": made["id"], "slug": "kopi-teduh"}
    assert again.returncode == 2
    assert again.stderr.strip().endswith("(tenancy.slug_taken)")
    assert not runs(EmbeddedServer(pesan.home))


def test_migrate_started_three_times_at_once_works_once(tmp_path: Path):
    pesan = Service(tmp_path / "home", {}, 0)

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: pesan.run("migrate"), range(3)))

    assert sorted(answer["changed"] for answer in answers) == [False, False, True]
    assert pesan.run("migrate") == {"changed": False}


def test_production_makes_its_first_database_by_migrate_only(tmp_path: Path):
    pesan = Service(tmp_path / "home", SAFE, 0)

    refused = pesan.attempt("doctor")

    assert refused.returncode == 2
    assert refused.stderr.strip().endswith("(database.not_initialised)")
    assert not (pesan.home / "postgres" / "data").exists()
    assert pesan.run("migrate") == {"changed": True}
    assert json.loads(pesan.attempt("doctor").stdout) == []
