"""Each command, for real: what it prints for programs, what it leaves behind, how it refuses."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

from pesan.db import Database
from pesan.identity.factors.models import Passkey
from pesan.identity.passwords import verify_password
from pesan.identity.queries import find_credentials
from pesan.orders.states import OrderState
from pesan.privacy.erasure_list import Erased, add_to_list, list_path
from pesan.privacy.marks import Marks
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import DatabaseKeyStore
from tests.support.commands import Commands
from tests.support.factories import Make

EVENT = ("event", "create", "--merchant", "kopi-teduh", "--title", "Malam Keroncong", "--price", "150000")
OLD_SECRET = "k3Yz81-unguessable-and-long-enough-7Qw"
WHEN = ("--starts-at", "2027-01-05T19:00", "--capacity", "40")


def rows(owner: psycopg.Connection, query: str) -> list[tuple]:
    return owner.execute(query.encode()).fetchall()


def refusal(pesan: Commands, *arguments: str) -> tuple[int, str, str]:
    """How a command ended that must print nothing for programs."""
    done = pesan.attempt(*arguments)
    return done.returncode, done.stdout, " ".join(done.stderr.replace("│", " ").split())


def test_merchant_create_prints_its_id_and_slug(pesan: Commands, owner: psycopg.Connection):
    name = ("--name", "Kopi Teduh", "--slug", "kopi-teduh")

    made = pesan.run("merchant", "create", *name, "--zone", "Asia/Makassar", "--accent", "#0B5D66")

    found = rows(owner, "SELECT id::text, slug, name, zone, accent FROM merchants")
    assert found == [(made["id"], "kopi-teduh", "Kopi Teduh", "Asia/Makassar", "#0b5d66")]
    assert made == {"id": found[0][0], "slug": "kopi-teduh"}


async def test_merchant_create_with_a_taken_slug_names_the_refusal(
    pesan: Commands, make: Make, owner: psycopg.Connection
):
    await make.merchant(slug="kopi-teduh")

    answer = refusal(pesan, "merchant", "create", "--name", "Lain", "--slug", "kopi-teduh")

    assert answer == (
        2,
        "",
        "pesan: The address “kopi-teduh” is taken. Choose another. (tenancy.slug_taken)",
    )
    assert rows(owner, "SELECT count(*) FROM merchants") == [(1,)]


async def test_event_create_opens_the_sale(pesan: Commands, make: Make, owner: psycopg.Connection):
    await make.merchant(slug="kopi-teduh")

    made = pesan.run(*EVENT, *WHEN, "--hold-ratio", "0.5", "--hold-minutes", "20")

    found = rows(
        owner,
        "SELECT e.id::text, e.slug, e.short_id, e.status, e.price_amount, e.hold_minutes, p.capacity,"
        " p.hold_ratio::float FROM events e JOIN capacity_pools p ON p.id = e.pool_id",
    )
    assert found == [
        (made["id"], "malam-keroncong", made["short_id"], "open", 150_000, 20, 40, 0.5),
    ]
    assert made == {
        "id": found[0][0],
        "slug": "malam-keroncong",
        "short_id": found[0][2],
        "url": f"http://localhost:8000/x/malam-keroncong-{found[0][2]}",
    }


async def test_event_create_links_to_the_public_address(pesan: Commands, make: Make):
    await make.merchant(slug="kopi-teduh")
    public = pesan.but(PESAN_BASE_URL="https://tiket.example.id/")

    made = public.run(*EVENT, *WHEN)

    assert made["url"] == f"https://tiket.example.id/x/malam-keroncong-{made['short_id']}"


@pytest.mark.parametrize("moment", ["2027-01-05T19:00", "2027-01-05T19:00+09:00", "2027-01-05T10:00Z"])
async def test_event_create_reads_a_time_without_offset_on_the_merchants_clocks(
    pesan: Commands, make: Make, owner: psycopg.Connection, moment: str
):
    await make.merchant(slug="kopi-teduh", zone="Asia/Jayapura")

    pesan.run(*EVENT, "--starts-at", moment, "--capacity", "40")

    ((starts_at,),) = rows(owner, "SELECT starts_at FROM events")
    assert starts_at == datetime(2027, 1, 5, 10, tzinfo=UTC)


def test_event_create_for_an_unknown_merchant_names_the_refusal(pesan: Commands):
    answer = refusal(pesan, *EVENT, *WHEN)

    assert answer == (2, "", "pesan: This organizer was not found. (tenancy.merchant_not_found)")


@pytest.mark.real_hashes
async def test_user_create_makes_somebody_who_can_log_in(
    pesan: Commands, make: Make, owner: psycopg.Connection, database: Database
):
    merchant = await make.merchant(slug="kopi-teduh")
    person = ("--email", "Rani@Example.com", "--name", "Rani", "--password", "sepeda-merah-tua")

    made = pesan.run("user", "create", *person, "--merchant", "kopi-teduh", "--role", "organizer")

    assert made == {"id": made["id"], "email": "rani@example.com"}
    memberships = rows(owner, "SELECT user_id::text, merchant_id::text, role FROM memberships")
    assert memberships == [(made["id"], str(merchant.id), "organizer")]
    async with database.identity() as session:
        known = await find_credentials(session, "rani@example.com")
    assert known is not None
    assert await verify_password("sepeda-merah-tua", known.password_hash) == (True, None)


def test_user_create_with_a_weak_password_makes_nobody(pesan: Commands, owner: psycopg.Connection):
    person = ("--email", "rani@example.com", "--name", "Rani", "--password", "rani123456")

    status, printed, said = refusal(pesan, "user", "create", *person)

    assert (status, printed) == (2, "")
    assert said.endswith("(identity.weak_password)")
    assert rows(owner, "SELECT count(*) FROM users") == [(0,)]


def test_user_create_for_an_unknown_merchant_makes_nobody(pesan: Commands, owner: psycopg.Connection):
    person = ("--email", "rani@example.com", "--name", "Rani", "--password", "sepeda-merah-tua")

    answer = refusal(pesan, "user", "create", *person, "--merchant", "tidak-ada")

    assert answer == (2, "", "pesan: This organizer was not found. (tenancy.merchant_not_found)")
    assert rows(owner, "SELECT count(*) FROM users") == [(0,)]


async def test_user_clear_factors_takes_lost_ones_away_on_record(
    pesan: Commands, make: Make, owner: psycopg.Connection, database: Database
):
    lost, kept = await make.user(), await make.user()
    async with database.identity() as session:
        session.add_all(
            Passkey(user_id=one.id, name="Kunci", credential_id=one.id.bytes, public_key=b"", sign_count=0)
            for one in (lost, kept)
        )

    cleared = pesan.run("user", "clear-factors", "--email", lost.email)
    again = refusal(pesan, "user", "clear-factors", "--email", lost.email)
    stranger = refusal(pesan, "user", "clear-factors", "--email", "nobody@example.com")

    assert cleared == {"id": str(lost.id), "email": lost.email}
    assert (again[0], stranger) == (2, (2, "", "pesan: This user was not found. (identity.unknown_user)"))
    assert rows(owner, "SELECT user_id FROM passkeys") == [(kept.id,)]
    noted = "SELECT actor_kind, subject_id::text FROM audit_entries WHERE action = 'user:factors:cleared'"
    assert [found[-1] for found in rows(owner, noted)] == [str(lost.id)]


async def test_keys_rotate_makes_a_key_that_is_listed_and_exported(pesan: Commands, make: Make):
    await make.merchant(slug="kopi-teduh")

    first = pesan.run("keys", "rotate", "--merchant", "kopi-teduh")
    second = pesan.run("keys", "rotate", "--merchant", "kopi-teduh")

    listed = pesan.run("keys", "list", "--merchant", "kopi-teduh")
    assert [(key["kid"], key["alg"], key["state"]) for key in listed] == [
        (second["kid"], "EdDSA", "active"),
        (first["kid"], "EdDSA", "retired"),
    ]
    exported = pesan.run("keys", "export")
    assert {key["kid"] for key in exported["keys"]} == {first["kid"], second["kid"]}
    assert {frozenset(key) for key in exported["keys"]} == {
        frozenset({"kty", "crv", "x", "kid", "alg", "use"})
    }


async def test_keys_of_a_merchant_without_any_are_none(pesan: Commands, make: Make):
    await make.merchant(slug="kopi-teduh")

    assert pesan.run("keys", "list", "--merchant", "kopi-teduh") == []
    assert pesan.run("keys", "export") == {"keys": []}


async def test_doctor_of_a_sound_instance_finds_nothing(pesan: Commands, make: Make):
    await make.order()

    assert json.loads((done := pesan.attempt("doctor")).stdout) == []
    assert done.returncode == 0


async def test_keys_of_another_secret_are_named_and_resealed(pesan: Commands, make: Make, database: Database):
    merchant = await make.merchant(slug="kopi-teduh")
    key = await DatabaseKeyStore(database, OLD_SECRET.encode()).signing_key(merchant.id, Algorithm.EDDSA)

    found = pesan.attempt("doctor")
    assert found.returncode == 1
    assert json.loads(found.stdout) == [
        {
            "invariant": "tickets.keys_open",
            "description": "PESAN_SECRET_KEY opens every signing key; after a change, `pesan keys reseal`.",
            "offender": {"kid": key.kid, "merchant_id": str(merchant.id)},
        }
    ]
    wrong = pesan.but(PESAN_OLD_SECRET_KEY=OLD_SECRET[::-1])
    status, printed, said = refusal(wrong, "keys", "reseal")
    assert (status, printed) == (2, "")
    assert said == (
        f"pesan: The old secret does not open the key {key.kid}. Nothing was changed; check the secret."
        " (tickets.old_secret_wrong)"
    )
    assert pesan.but(PESAN_OLD_SECRET_KEY=OLD_SECRET).run("keys", "reseal") == {
        "resealed": 1,
        "current": 0,
        "gateway_accounts": 0,
        "webhook_secrets": 0,
    }
    assert pesan.run("doctor") == []


async def test_the_old_secret_may_come_by_standard_input(pesan: Commands, make: Make, database: Database):
    merchant = await make.merchant(slug="kopi-teduh")
    await DatabaseKeyStore(database, OLD_SECRET.encode()).signing_key(merchant.id, Algorithm.EDDSA)

    assert pesan.run("keys", "reseal", typed=f"{OLD_SECRET}\n") == {
        "resealed": 1,
        "current": 0,
        "gateway_accounts": 0,
        "webhook_secrets": 0,
    }


async def test_doctor_names_the_pool_whose_counter_was_changed(
    pesan: Commands, make: Make, owner: psycopg.Connection
):
    await make.event()
    await make.event()
    ((pool_id,),) = rows(
        owner,
        "UPDATE capacity_pools SET held = 3 WHERE id = (SELECT min(id::text)::uuid FROM capacity_pools)"
        " RETURNING id::text",
    )

    done = pesan.attempt("doctor")

    (found,) = json.loads(done.stdout)
    assert done.returncode == 1
    assert found == {
        "invariant": "capacity.counters_match_claims",
        "description": "Each pool's held and used equal the sums of its claims.",
        "offender": {"pool_id": pool_id, "held": 3, "used": 0, "claims_held": 0, "claims_used": 0},
    }


async def test_doctor_names_the_merchant_whose_slug_is_a_word_of_ours(pesan: Commands, make: Make):
    merchant = await make.merchant(slug="booths")
    await make.merchant(slug="booths-dua")

    assert json.loads(pesan.attempt("doctor").stdout) == [
        {
            "invariant": "tenancy.slugs_are_reachable",
            "description": "No merchant's slug is a word that an address of ours begins with.",
            "offender": {"id": str(merchant.id), "slug": "booths"},
        }
    ]


async def test_audit_verify_of_a_whole_audit_finds_nothing(pesan: Commands, make: Make):
    await make.merchant(slug="kopi-teduh")

    assert json.loads((done := pesan.attempt("audit", "verify")).stdout) == []
    assert done.returncode == 0


async def test_audit_verify_names_the_entry_that_was_changed(
    pesan: Commands, make: Make, owner: psycopg.Connection
):
    made = await make.merchant(slug="kopi-teduh")
    owner.execute("ALTER TABLE audit_entries DISABLE TRIGGER append_only")
    owner.execute("UPDATE audit_entries SET action = 'merchant:profile:forgotten'")

    done = pesan.attempt("audit", "verify")

    assert done.returncode == 1
    assert json.loads(done.stdout) == [{"fault": f"entry_changed: merchant {made.id} #1"}]


async def test_audit_erase_forgets_whom_the_history_names(
    pesan: Commands, make: Make, owner: psycopg.Connection
):
    order = await make.order(state=OrderState.REJECTED)
    named = "SELECT reason FROM audit_private WHERE num_nonnulls(reason, before, after) > 0"
    assert rows(owner, named) == [("Nominal tidak sesuai",)]

    made = pesan.run("audit", "erase", "--subject", f"order:{order.id}", "--reason", "Diminta pembeli")

    assert made == {"entries": 1}
    assert rows(owner, named) == [("Diminta pembeli",)]
    assert pesan.run("audit", "verify") == []


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("order:1", "a kind and an id"),
        ("order:00000000-0000-7000-8000-000000000000", "There is no history of the order"),
    ],
)
def test_audit_erase_of_nobody_is_refused(pesan: Commands, subject: str, said: str):
    answer = refusal(pesan, "audit", "erase", "--subject", subject, "--reason", "Diminta pembeli")

    assert answer[:2] == (2, "")
    assert said in answer[2]


def test_migrate_of_a_current_database_changes_nothing(pesan: Commands):
    pesan.run("migrate")  # a database that was copied is open to everybody, until this closes it

    assert pesan.run("migrate") == {"changed": False}


def test_a_command_without_its_database_says_so(pesan: Commands):
    nowhere = pesan.but(PESAN_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    status, printed, said = refusal(nowhere, "doctor")

    assert (status, printed) == (2, "")
    assert said.startswith("pesan: The database could not be used.")
    assert said.endswith("(database.unavailable)")


def test_a_setting_that_cannot_be_used_is_named(pesan: Commands):
    answer = refusal(pesan.but(PESAN_RATE_LIMITS="sometimes"), "doctor")

    assert answer == (2, "", "pesan: PESAN_RATE_LIMITS: Input should be 'on' or 'off'")


def test_parked_jobs_are_listed_and_queued_again(pesan: Commands, owner: psycopg.Connection):
    owner.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts)"
        " SELECT 'mail', 'notifications.deliver', 'failed', 16 FROM generate_series(1, 3)"
    )

    parked = pesan.run("jobs", "parked")
    one = pesan.run("jobs", "retry", str(parked[0]["id"]))
    again = refusal(pesan, "jobs", "retry", str(parked[0]["id"]))
    rest = pesan.run("jobs", "retry", "--all")

    assert [(job["task"], job["attempts"], job["failure"]) for job in parked] == [
        ("notifications.deliver", 16, None)
    ] * 3
    assert (one, again[:2], rest) == ({"retried": 1}, (2, ""), {"retried": 2})
    assert rows(owner, "SELECT DISTINCT status::text, attempts FROM procrastinate_jobs") == [("todo", 0)]


async def test_retention_dry_run_says_what_would_go(pesan: Commands, make: Make, owner: psycopg.Connection):
    await make.order(state=OrderState.CANCELLED, email="siti@contoh.id")
    owner.execute("UPDATE orders SET state_changed_at = state_changed_at - interval '800 days'")
    owner.execute(
        "UPDATE events SET starts_at = starts_at - interval '800 days', ends_at = now() - interval '770 days'"
    )

    found = {row["kind"]: row["rows"] for row in pesan.run("retention", "run", "--dry-run")}
    left = rows(owner, "SELECT count(*) FROM orders WHERE email IS NOT NULL")
    pesan.run("retention", "run")

    assert (found["contacts"], found["proofs"], left) == (1, 0, [(1,)])
    assert rows(owner, "SELECT count(*) FROM orders WHERE email IS NOT NULL") == [(0,)]


async def test_erasures_are_replayed_from_the_list_and_once(
    pesan: Commands, make: Make, owner: psycopg.Connection, settings
):
    marks, path = Marks(settings.secret), list_path(settings)
    order = await make.order(email="siti@contoh.id", state=OrderState.CANCELLED)
    missing = refusal(pesan, "privacy", "erasures", "replay")
    mark = marks.of(order.merchant_id, "siti@contoh.id")
    add_to_list(path, [Erased(datetime.now(UTC), order.merchant_id, mark, marks.key_id)])

    dry = pesan.run("privacy", "erasures", "replay", "--dry-run")
    untouched = rows(owner, "SELECT email FROM orders")
    done, again = [pesan.run("privacy", "erasures", "replay") for _ in range(2)]
    exported = pesan.run("privacy", "erasures", "export", "--list", str(path.with_name("copy.jsonl")))

    assert (missing[:2], "(privacy.erasure_list_missing)" in missing[2]) == ((2, ""), True)
    nothing = {"requests": 0, "waiting": 0, "unknown": 0, "broken": 0}
    assert dry == {"entries": 1, "people": 1, "bookings": 1, **nothing, "is_dry_run": True}
    assert (untouched, rows(owner, "SELECT email FROM orders")) == ([("siti@contoh.id",)], [(None,)])
    assert done == dry | {"is_dry_run": False}
    assert again == done | {"people": 0, "bookings": 0}
    assert (exported["added"], path.with_name("copy.jsonl").read_bytes()) == (1, path.read_bytes())


async def test_breach_report_covers_every_merchant_and_is_noted(
    pesan: Commands, make: Make, owner: psycopg.Connection, tmp_path
):
    for email in ("siti@contoh.id", "budi@contoh.id"):
        await make.order(email=email)
    told = ("--what", "Cadangan terbuka.", "--handling", "Ditutup.", "--contact", "ops@tiket.example")
    files = ("--out", str(tmp_path / "report.pdf"), "--people", str(tmp_path / "people.csv"))

    made = pesan.run(
        "privacy", "breach-report", *files, *told, "--discovered", "2025-11-20T09:00", "--class", "email"
    )

    file = str(tmp_path / "report.pdf")
    counts = {"people": 2, "bookings": 2, "events": 2}
    assert made == {"file": file, **counts, "due_at": "2025-11-23T02:00:00.000Z", "is_late": True}
    assert (tmp_path / "report.pdf").read_bytes()[:5] == b"%PDF-"
    listed = (tmp_path / "people.csv").read_text()
    assert ["s***i@contoh.id" in listed, "siti@contoh.id" in listed] == [True, False]
    query = "SELECT count(*) FROM audit_entries WHERE action = 'merchant:breach:reported'"
    assert rows(owner, query) == [(2,)]


async def test_record_of_processing_is_made_for_an_instance_and_for_a_merchant(
    pesan: Commands, make: Make, tmp_path
):
    await make.merchant(slug="kopi-teduh")
    files = [tmp_path / "instance.pdf", tmp_path / "merchant.pdf"]

    made = [
        pesan.run("privacy", "register", "--out", str(files[0])),
        pesan.run("privacy", "register", "--out", str(files[1]), "--merchant", "kopi-teduh"),
    ]

    assert made == [{"file": str(file), "processors": [], "described": []} for file in files]
    assert [file.read_bytes()[:5] for file in files] == [b"%PDF-"] * 2
