"""Values that cannot be used are refused before anything is opened; so these commands run inside the test."""

import pytest
from typer.testing import CliRunner

from pesan.cli.main import app

EVENT = ("event", "create", "--merchant", "kopi", "--title", "Malam Keroncong", "--price", "150000")
WHEN = ("--starts-at", "2027-01-05T19:00", "--capacity", "40")
MERCHANT = ("merchant", "create", "--name", "Kopi")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        ((*MERCHANT, "--slug", "Kopi Teduh"), "--slug"),
        ((*MERCHANT, "--slug", "x"), "--slug"),
        ((*MERCHANT, "--slug", "-kopi"), "--slug"),
        ((*MERCHANT, "--slug", "kopi", "--accent", "brown"), "--accent"),
        ((*MERCHANT, "--slug", "kopi", "--zone", "Europe/Rome"), "--zone"),
        ((*EVENT, "--starts-at", "besok", "--capacity", "40"), "--starts-at"),
        ((*EVENT, "--starts-at", "2027-01-05", "--capacity", "0"), "--capacity"),
        ((*EVENT, *WHEN, "--price", "-1"), "--price"),
        ((*EVENT, *WHEN, "--hold-ratio", "1.5"), "--hold-ratio"),
        ((*EVENT, *WHEN, "--hold-minutes", "61"), "--hold-minutes"),
        (("user", "create", "--email", "a@example.com", "--name", "A", "--role", "king"), "--role"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(arguments: tuple[str, ...], option: str, tmp_path):
    home = tmp_path / "home"

    done = CliRunner(env={"PESAN_HOME": str(home)}).invoke(app, [*arguments, "--json"])

    assert (done.exit_code, done.stdout) == (2, "")
    assert f"Invalid value for '{option}'" in done.stderr
    assert not home.exists()


def test_version_is_printed():
    assert CliRunner().invoke(app, ["--version"]).stdout == "0.1.0\n"
