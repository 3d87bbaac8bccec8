"""Database functions that run with their owner's rights: few, known, and called by nobody else."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

pytestmark = pytest.mark.every_postgres


@pytest.fixture
def owner(database_url) -> Iterator[Connection]:
    """Who may read the catalogue of everything."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def test_functions_with_the_owners_rights_are_those_known(owner: Connection, role_prefix: str):
    """Each answers for rows that the asker may not see, and is a way around the policies: a new one is a decision."""
    rows = owner.execute(
        text(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
            " AND has_function_privilege(:role, oid, 'EXECUTE') ORDER BY 1"
        ),
        {"role": f"{role_prefix}_request"},
    )

    assert [name for (name,) in rows] == [
        "count_visit",
        "drop_kept_objects",
        "expired_holds",
        "find_inviter",
        "find_kept_object",
        "find_promo_code",
        "get_capacity_snapshot",
        "hidden_ticket_types",
        "invitation_of",
        "jobs_retry_parked",
        "keep_object",
        "key_has_tickets",
        "lock_and_find_answers",
        "next_hold_ends_at",
        "procrastinate_defer_jobs_v1",
        "proof_usage",
        "reserve_amount",
        "sells_ticket_types",
        "taken_times",
        "trip_audience",
    ]


def test_nobody_calls_a_function_by_being_anybody(owner: Connection):
    """PostgreSQL opens every new function to PUBLIC, and what anybody may call with the owner's rights is a hole."""
    rows = owner.execute(
        text(
            "SELECT p.proname FROM pg_proc p"
            " CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
            " WHERE p.pronamespace = 'public'::regnamespace AND a.grantee = 0"
        )
    )

    assert rows.all() == []


def test_functions_with_the_owners_rights_look_at_temporary_names_last(owner: Connection):
    rows = owner.execute(
        text(
            "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT 1 FROM unnest(proconfig) AS s WHERE s LIKE 'search_path=%pg_temp')"
        )
    )

    assert rows.all() == []
