"""Addresses of the database as the driver reads them."""

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from pesan.db.connections import conninfo_of


def test_a_folder_with_a_space_and_a_password_with_a_plus_are_read_as_they_are():
    url = make_url("postgresql+psycopg://web:a%2Bb@/pesan?host=/srv/my%20shop/run")

    read = conninfo_to_dict(conninfo_of(url))

    assert (read["host"], read["password"]) == ("/srv/my shop/run", "a+b")
