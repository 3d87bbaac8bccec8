"""Row-level security: who sees and changes which rows, shown with rows that could leak."""

from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from pesan.db import Actor, ActorKind, Database
from pesan.db.access import LOGINS
from pesan.db.schema import login_url
from pesan.settings import Settings
from tests.db.worlds import World, tenant_tables
from tests.support.postgres import Server

pytestmark = pytest.mark.every_postgres

# What the site shows to anybody: brands, events that are not drafts, their places and accounts, public keys.
PUBLIC = {
    "merchants": 1,
    "events": 3,
    "ticket_types": 2,
    "seats": 2,
    "slots": 2,
    "outlets": 1,
    "outlet_hours": 1,
    "booths": 1,
    "trips": 2,
    "products": 1,
    "ratings": 1,
    "profiles": 1,
    "booth_configs": 1,
    "capacity_pools": 15,
    "payment_methods": 2,
    "processor_notes": 1,
    "event_payment_methods": 1,
    "signing_keys": 1,
    "legal_versions": 3,
}
# No web request reads these; finding out who somebody is has a role of its own, and answers have a function.
CLOSED = {
    "code_generators",
    "erasures",
    "idempotency_keys",
    "invitations",
    "passkeys",
    "provider_identities",
    "recovery_codes",
    "risk_traces",
    "sandbox_payments",
    "sessions",
}
OF_AN_ORDER = {"orders": 1, "order_lines": 1, "claims": 1, "payments": 1}
# Three of the merchant's four orders are at the event whose team this is, with all that belongs to them.
OF_THE_EVENT = {
    "audit_entries": 13,
    "audit_private": 1,
    "booth_devices": 1,
    "booth_events": 1,
    "booth_feeds": 1,
    "booth_pairings": 1,
    "booth_sessions": 1,
    "broadcast_recipients": 1,
    "broadcasts": 1,
    "chat_charges": 1,
    "chat_messages": 1,
    "claims": 3,
    "consents": 1,
    "deliveries": 1,
    "gate_devices": 1,
    "gate_feeds": 1,
    "gate_pairings": 1,
    "gate_rules": 1,
    "gates": 1,
    "ledger_entries": 8,
    "memberships": 1,
    "notifications": 1,
    "order_lines": 3,
    "orders": 3,
    "participants": 1,
    "payment_proofs": 1,
    "payments": 4,
    "price_proposals": 1,
    "refunds": 1,
    "risk_reviews": 1,
    "scan_conflicts": 1,
    "scans": 1,
    "shortlink_visits": 1,
    "ticket_standings": 1,
    "ticket_transfers": 1,
    "tickets": 1,
    "trip_orders": 1,
    "users": 1,
}
OF_A_SOLD_ORDER = {
    **OF_AN_ORDER,
    "payment_proofs": 1,
    "tickets": 1,
    "ticket_transfers": 1,
    "booth_sessions": 1,
    "trip_orders": 1,
    "price_proposals": 1,
    "consents": 1,
    "privacy_requests": 1,
}


@pytest.fixture
def database_url(postgres: Server, populated: tuple[str, World]) -> Iterator[URL]:
    """The owner's address of a copy for each test, with the same rows."""
    name = f"pesan_{uuid4().hex}"
    yield postgres.create(name, template=populated[0])
    postgres.drop(name)


@pytest.fixture
def owner(database_url) -> Iterator[Connection]:
    """Who sees every row, because the tables are theirs."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def world(populated: tuple[str, World]) -> World:
    return populated[1]


@pytest.fixture
def web(settings: Settings) -> Iterator[psycopg.Connection]:
    """The web process's own log-in, before it takes any role."""
    url = login_url(
        settings.database_url, "web", secret=settings.secret, prefix=settings.database_role_prefix
    )
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def seen_by_anybody() -> dict[str, Counter[str]]:
    """What every actor sees, a guest without a code included."""
    tables = set(tenant_tables()) - CLOSED
    return {name: Counter(dict.fromkeys("AB", PUBLIC[name]) if name in PUBLIC else {}) for name in tables}


def plus(seen: dict[str, Counter[str]], more: dict[str, int], house: str) -> dict[str, Counter[str]]:
    return {name: counts + Counter({house: more.get(name, 0)}) for name, counts in seen.items()}


async def seen_by(world: World, database: Database, actor: Actor) -> dict[str, Counter[str]]:
    async with database.read(actor) as session:
        return await world.seen(session)


def test_every_tenant_table_holds_rows_that_could_leak(world: World):
    assert [name for name, counts in world.all().items() if not (counts["A"] and counts["B"])] == []


async def test_a_guest_without_a_code_sees_what_is_public(world: World, web_database: Database):
    assert await seen_by(world, web_database, Actor.guest()) == seen_by_anybody()


async def test_a_guest_with_a_code_sees_that_order(world: World, web_database: Database):
    seen = await seen_by(world, web_database, Actor.guest(world.a.sold.code))

    assert seen == plus(seen_by_anybody(), OF_A_SOLD_ORDER, "A")


async def test_whoever_shows_that_they_take_part_sees_themselves(world: World, database):
    person = next(
        key[0] for (table, key), owner in world.owners.items() if (table, owner) == ("participants", "A")
    )
    shown = Actor(ActorKind.GUEST, participant_ids=(person,))

    async with database.read(shown) as session:
        seen = await world.seen(session)

    assert seen["participants"] == {"A": 1}
    assert seen["trip_orders"] == {}


async def test_a_guest_with_codes_of_two_merchants_sees_both_orders(world: World, web_database: Database):
    seen = await seen_by(world, web_database, Actor.guest(world.a.sold.code, world.b.held.code))

    assert seen == plus(plus(seen_by_anybody(), OF_A_SOLD_ORDER, "A"), OF_AN_ORDER, "B")


async def test_a_guest_with_a_wrong_code_sees_what_is_public(world: World, web_database: Database):
    wrong = world.a.sold.code[:-1] + ("0" if world.a.sold.code[-1] != "0" else "1")

    for code in (wrong, "", "%", "{}", '","', "'; DROP TABLE orders; --"):
        assert await seen_by(world, web_database, Actor.guest(code)) == seen_by_anybody()


async def test_whoever_shows_a_ticket_sees_that_ticket_only(world: World, web_database: Database):
    shown = Actor(ActorKind.GUEST, ticket_ids=(world.a.ticket.id,))

    seen = await seen_by(world, web_database, shown)

    assert seen == plus(seen_by_anybody(), {"tickets": 1}, "A")


async def test_a_user_without_a_merchant_sees_themselves(world: World, web_database: Database):
    seen = await seen_by(world, web_database, Actor(ActorKind.USER, user_id=world.a.staff.id))

    assert seen == plus(seen_by_anybody(), {"users": 1}, "A")


async def test_a_user_sees_the_orders_of_their_account_and_their_tickets(
    world: World, web_database: Database, owner: Connection
):
    buyer = uuid4()
    owner.execute(
        text("UPDATE orders SET user_id = :user WHERE id = :id"), {"user": buyer, "id": world.a.sold.id}
    )
    owner.commit()

    seen = await seen_by(world, web_database, Actor.user(buyer))

    assert seen == plus(seen_by_anybody(), OF_A_SOLD_ORDER, "A")
    assert await seen_by(world, web_database, Actor.user(uuid4())) == seen_by_anybody()


@pytest.mark.parametrize("name", ["A", "B"])
async def test_staff_see_every_row_of_their_merchant_and_none_of_the_other(
    world: World, web_database: Database, name: str
):
    house, other = (world.a, "B") if name == "A" else (world.b, "A")

    seen = await seen_by(world, web_database, house.actor)

    expected = {
        table: Counter({name: counts[name], other: PUBLIC.get(table, 0)})
        for table, counts in world.all().items()
        if table not in CLOSED
    }
    assert seen == expected


async def test_staff_limited_to_an_event_see_its_rows_and_nothing_of_the_others(
    world: World, web_database: Database
):
    merchant = frozenset([world.a.merchant.id])
    limited = Actor.staff(
        world.a.staff.id, frozenset(), limited_ids=merchant, event_ids=frozenset([world.a.event.id])
    )

    seen = await seen_by(world, web_database, limited)

    assert seen == plus(seen_by_anybody(), OF_THE_EVENT, "A")


async def test_staff_limited_to_an_event_change_nothing_of_the_others(world: World, web_database: Database):
    merchant = frozenset([world.a.merchant.id])
    theirs = frozenset([world.a.event.id, world.b.event.id])
    limited = Actor.staff(uuid4(), frozenset(), limited_ids=merchant, event_ids=theirs)

    found = {statement: await change(web_database, limited, statement) for statement in REACHED}

    assert found == REACHED_IN_PART


async def test_a_platform_admin_sees_both_merchants(world: World, web_database: Database):
    admin = Actor.staff(uuid4(), frozenset(), is_platform_admin=True)

    seen = await seen_by(world, web_database, admin)

    expected = {
        table: Counter({"A": counts["A"], "B": counts["B"]})
        for table, counts in world.all().items()
        if table not in CLOSED
    }
    assert {table: counts - Counter({"-": counts["-"]}) for table, counts in seen.items()} == expected


def test_without_an_actor_no_request_sees_a_row(world: World, web: psycopg.Connection, role_prefix: str):
    web.execute(f"SET ROLE {role_prefix}_request".encode())

    readable = {name for name in tenant_tables() if _may_read(web, name)}
    assert readable == set(tenant_tables()) - CLOSED
    assert {name: _count(web, name) for name in readable} == dict.fromkeys(readable, 0)


def test_what_people_write_in_chats_is_read_by_no_request(web: psycopg.Connection, role_prefix: str):
    web.execute(f"SET ROLE {role_prefix}_request".encode())

    assert [name for name in ("chat_contacts", "chat_slots", "chat_updates") if _may_read(web, name)] == []


@pytest.mark.parametrize(
    ("role", "tables"),
    [
        (
            "identity",
            (
                "booth_pairings code_generators invitations legal_versions memberships merchants passkeys"
                " provider_identities recovery_codes sessions users"
            ),
        ),
        (
            "gate",
            (
                "booth_events booth_feeds events gate_devices gate_feeds gate_rules gates scan_conflicts scans"
                " seats signing_keys ticket_standings ticket_transfers ticket_types tickets"
            ),
        ),
        (
            "sale",
            (
                "bank_lines bank_matches booth_events booth_feeds booth_sessions booths capacity_pools chat_messages"
                " claims events gateway_accounts ledger_entries merchants order_lines orders"
                " payment_proofs payments price_proposals promo_codes purchases refunds sandbox_payments seats slots"
                " ticket_types tickets trip_orders webhook_events"
            ),
        ),
    ],
)
def test_a_role_for_one_purpose_reads_what_that_needs(
    web: psycopg.Connection, role_prefix: str, role: str, tables: str
):
    web.execute(f"SET ROLE {role_prefix}_{role}".encode())

    assert " ".join(name for name in tenant_tables() if _may_read(web, name)) == tables


def _may_read(connection: psycopg.Connection, table: str) -> bool:
    query = "SELECT has_any_column_privilege(%s, 'SELECT')"
    return bool(connection.execute(query, [table]).fetchone()[0])


def _count(connection: psycopg.Connection, table: str) -> int:
    return connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()[0]


def test_the_log_in_itself_reads_nothing(web: psycopg.Connection):
    assert [name for name in tenant_tables() if _may_read(web, name)] == []


def test_context_ends_with_its_transaction(world: World, web: psycopg.Connection, role_prefix: str):
    with web.transaction():
        web.execute("SELECT set_config('role', %s, true)", [f"{role_prefix}_request"])
        web.execute("SELECT set_config('pesan.actor', 'admin', true)")
        assert _count(web, "orders") == 8

    web.execute(f"SET ROLE {role_prefix}_request".encode())
    assert _count(web, "orders") == 0


def actors(world: World) -> dict[str, Actor]:
    return {
        "guest": Actor.guest(),
        "buyer of A": Actor.guest(world.a.held.code),
        "staff of A": world.a.actor,
        "admin": Actor.staff(uuid4(), frozenset(), is_platform_admin=True),
    }


REACHED = {
    "UPDATE orders SET audit_seq = audit_seq": {"guest": 0, "buyer of A": 1, "staff of A": 4, "admin": 8},
    "UPDATE events SET title = title": {"guest": 0, "buyer of A": 0, "staff of A": 4, "admin": 8},
    "UPDATE ticket_types SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 5, "admin": 10},
    "UPDATE seats SET x = x": {"guest": 0, "buyer of A": 0, "staff of A": 2, "admin": 4},
    "UPDATE promo_codes SET is_active = false": {"guest": 0, "buyer of A": 0, "staff of A": 2, "admin": 4},
    "DELETE FROM letter_templates": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE merchants SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE capacity_pools SET capacity = capacity": {
        "guest": 0,
        "buyer of A": 0,
        "staff of A": 15,
        "admin": 30,
    },
    "UPDATE payment_methods SET position = 1": {"guest": 0, "buyer of A": 0, "staff of A": 3, "admin": 6},
    "UPDATE risk_reviews SET note = 'x'": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "DELETE FROM risk_entries": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE risk_rules SET hours = 1": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE gates SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE gate_devices SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE gate_rules SET reentry = reentry": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE scan_conflicts SET note = 'x'": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE outlets SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE booth_devices SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE booth_pairings SET used_at = now()": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE broadcasts SET state = state": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE broadcast_recipients SET state = state": {
        "guest": 0,
        "buyer of A": 0,
        "staff of A": 1,
        "admin": 2,
    },
    "UPDATE trips SET is_active = is_active": {"guest": 0, "buyer of A": 0, "staff of A": 2, "admin": 4},
    "UPDATE products SET shop = shop": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE profiles SET bio = bio": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE purchases SET bought = bought": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE ratings SET decided_at = now()": {"guest": 0, "buyer of A": 0, "staff of A": 0, "admin": 2},
    "UPDATE participants SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE chat_messages SET due_at = due_at": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE booths SET name = name": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE booth_configs SET changed_at = now()": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "DELETE FROM outlet_hours": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "DELETE FROM event_payment_methods": {"guest": 0, "buyer of A": 0, "staff of A": 1, "admin": 2},
    "UPDATE payments SET state = 'superseded' WHERE state = 'open'": {
        "guest": 0,
        "buyer of A": 1,
        "staff of A": 2,
        "admin": 4,
    },
}


# One of the merchant's events, and neither its money nor its face. A pool says nothing of what it counts.
REACHED_IN_PART = dict.fromkeys(REACHED, 0) | {
    "UPDATE orders SET audit_seq = audit_seq": 3,
    "UPDATE events SET title = title": 1,
    "UPDATE capacity_pools SET capacity = capacity": 15,
    "UPDATE risk_reviews SET note = 'x'": 1,
    "UPDATE gates SET name = name": 1,
    "UPDATE gate_devices SET name = name": 1,
    "UPDATE gate_rules SET reentry = reentry": 1,
    "UPDATE scan_conflicts SET note = 'x'": 1,
    "UPDATE outlets SET name = name": 1,
    "UPDATE booth_devices SET name = name": 1,
    "UPDATE booth_pairings SET used_at = now()": 1,
    "UPDATE broadcasts SET state = state": 1,
    "UPDATE broadcast_recipients SET state = state": 1,
    "UPDATE trips SET is_active = is_active": 1,
    "UPDATE chat_messages SET due_at = due_at": 1,
    "UPDATE participants SET name = name": 1,
    "UPDATE booths SET name = name": 1,
    "DELETE FROM outlet_hours": 1,
    "DELETE FROM event_payment_methods": 1,
    "UPDATE payments SET state = 'superseded' WHERE state = 'open'": 1,
}


async def test_a_change_without_a_condition_reaches_own_rows_only(world: World, web_database: Database):
    found = {
        statement: {
            name: await change(web_database, actor, statement) for name, actor in actors(world).items()
        }
        for statement in REACHED
    }

    assert found == REACHED


class Undone(Exception):
    """Takes a change back."""


async def change(database: Database, actor: Actor, statement: str) -> int:
    """How many rows a statement reaches; nothing stays changed."""
    reached = 0
    try:
        async with database.write(actor) as session:
            reached = (await session.execute(text(statement))).rowcount
            raise Undone
    except Undone:
        return reached


async def refused(database: Database, actor: Actor, statement: str, **values: object) -> str:
    """The SQLSTATE with which a statement is refused; empty when it goes through."""
    try:
        async with database.write(actor) as session:
            await session.execute(text(statement), values)
            raise Undone
    except Undone:
        return ""
    except DBAPIError as error:
        return error.orig.sqlstate


NOT_ALLOWED = InsufficientPrivilege.sqlstate


async def test_a_row_cannot_be_put_into_another_merchants_hands(world: World, web_database: Database):
    a, b = world.a, world.b
    method = (
        "INSERT INTO payment_methods (id, merchant_id, kind, display_name, bank_name, account_no, account_holder,"
        " account_key) VALUES (:id, :merchant_id, 'bank', 'x', 'x', '12345', 'x', 'x')"
    )
    given = "UPDATE events SET merchant_id = :merchant_id WHERE id = :id"

    assert await refused(web_database, a.actor, method, id=uuid4(), merchant_id=b.merchant.id) == NOT_ALLOWED
    assert await refused(web_database, a.actor, method, id=uuid4(), merchant_id=a.merchant.id) == ""
    assert (
        await refused(web_database, a.actor, given, id=a.event.id, merchant_id=b.merchant.id) == NOT_ALLOWED
    )


async def test_nobody_but_the_gate_says_that_money_came(world: World, web_database: Database):
    paid = "UPDATE payments SET state = 'paid'"
    opened = (
        "INSERT INTO payments (id, merchant_id, order_id, base_amount, amount, state, settled_at)"
        " VALUES (:id, :merchant_id, :order_id, 1, 1, 'paid', now())"
    )
    held = {"id": uuid4(), "merchant_id": world.a.merchant.id, "order_id": world.a.held.id}

    for actor in (Actor.guest(world.a.held.code), world.a.actor):
        assert await refused(web_database, actor, paid) == NOT_ALLOWED
        assert await refused(web_database, actor, opened, **held) == NOT_ALLOWED


async def test_a_guest_opens_no_payment_for_somebody_elses_order(world: World, web_database: Database):
    opened = (
        "INSERT INTO payments (id, merchant_id, order_id, base_amount, amount)"
        " VALUES (:id, :merchant_id, :order_id, 1, 1)"
    )
    other = {"id": uuid4(), "merchant_id": world.b.merchant.id, "order_id": world.b.held.id}

    assert await refused(web_database, Actor.guest(world.a.held.code), opened, **other) == NOT_ALLOWED


FORBIDDEN = (
    "SET ROLE {prefix}_system",
    "SET ROLE {prefix}_worker",
    "SET SESSION AUTHORIZATION {prefix}_worker",
    "RESET SESSION AUTHORIZATION; SET ROLE postgres",
    "SELECT args FROM procrastinate_jobs",
    "SELECT lock FROM procrastinate_jobs",
    "UPDATE procrastinate_jobs SET status = 'todo'",
    "DELETE FROM procrastinate_jobs",
    "SELECT private_key_sealed FROM signing_keys",
    "UPDATE audit_entries SET action = 'x'",
    "DELETE FROM audit_entries",
    "TRUNCATE audit_entries",
    "INSERT INTO audit_entries (subject_id, seq, xact_id) VALUES (gen_random_uuid(), 1, 1)",
    "UPDATE audit_private SET reason = 'x'",
    "DELETE FROM audit_private",
    "SELECT * FROM audit_blocks",
    "INSERT INTO audit_blocks DEFAULT VALUES",
    "UPDATE ledger_entries SET amount = 1",
    "DELETE FROM ledger_entries",
    "SELECT body FROM idempotency_keys",
    "SELECT key FROM kept_objects",
    "SELECT content FROM kept_objects",
    "INSERT INTO kept_objects (key, content, size, mime, sha256) VALUES ('x', '', 0, 'x', '')",
    "UPDATE kept_objects SET content = ''",
    "DELETE FROM kept_objects",
    "DELETE FROM orders",
    "DELETE FROM claims",
    "DELETE FROM payment_proofs",
    "DELETE FROM tickets",
    "UPDATE users SET platform_role = 'super_admin'",
    "INSERT INTO users (id, platform_role) VALUES (gen_random_uuid(), 'super_admin')",
    "INSERT INTO memberships VALUES (gen_random_uuid(), gen_random_uuid(), 'organizer')",
    "INSERT INTO invitations (id, merchant_id) VALUES (gen_random_uuid(), gen_random_uuid())",
    "INSERT INTO merchants (id, slug, name) VALUES (gen_random_uuid(), 'x', 'x')",
    "CREATE TABLE loot (x int)",
    "CREATE VIEW loot AS SELECT 1",
    "CREATE FUNCTION loot() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA loot",
    "CREATE ROLE loot",
    "ALTER TABLE orders ADD loot int",
    "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_entries DISABLE TRIGGER append_only",
    "CREATE POLICY loot ON orders USING (true)",
    "DROP TABLE orders",
    "DROP POLICY guest ON orders",
    "ALTER ROLE {prefix}_web BYPASSRLS",
    "GRANT {prefix}_system TO {prefix}_web",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/hostname')",
    "UPDATE access_version SET fingerprint = 'x'",
    "UPDATE alembic_version SET version_num = 'x'",
)


@pytest.mark.parametrize("role", ["", *LOGINS["web"]])
def test_a_web_process_cannot_get_at_what_is_not_its_own(
    web: psycopg.Connection, role_prefix: str, role: str
):
    went_through = []
    for statement in FORBIDDEN:
        if role:
            web.execute(f"SET ROLE {role_prefix}_{role}".encode())
        try:
            web.execute(statement.format(prefix=role_prefix).encode())
        except InsufficientPrivilege:
            web.execute("RESET ROLE")
            continue
        went_through.append(statement)

    assert went_through == []


@pytest.mark.parametrize("table", ["audit_entries", "audit_blocks", "ledger_entries"])
@pytest.mark.parametrize("verb", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
async def test_not_even_the_system_rewrites_history(database: Database, table: str, verb: str):
    column = {"audit_entries": "action", "audit_blocks": "hash", "ledger_entries": "account"}[table]

    answer = await refused(database, Actor.system("tests"), verb.format(table=table, column=column))

    assert answer == NOT_ALLOWED
