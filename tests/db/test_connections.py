"""Whether the server has room for all processes."""

import pytest

from pesan.db.connections import connections_needed, find_shortage, overflow_of

pytestmark = pytest.mark.every_postgres


@pytest.mark.parametrize(("pool_size", "overflow"), [(2, 2), (10, 2), (20, 5), (100, 25)])
def test_overflow_is_a_fraction_of_the_pool(pool_size: int, overflow: int):
    assert overflow_of(pool_size) == overflow


def test_needed_are_those_of_every_web_process_and_the_worker():
    assert connections_needed(4, 10) == 5 * (10 + 2 + 2)


def test_room_enough_is_no_shortage(database_url):
    assert find_shortage(database_url, web_workers=4, pool_size=10) is None


def test_a_shortage_names_what_to_change(postgres, database_url):
    with postgres.connect() as connection:
        (most,) = connection.execute("SELECT current_setting('max_connections')::integer").fetchone()

    assert find_shortage(database_url, web_workers=64, pool_size=100) == (
        f"64 web processes and the worker may open 8255 connections, and the database has {most - 3 - 5} for them."
        " Raise max_connections, or lower PESAN_DATABASE_POOL_SIZE or --workers."
    )
