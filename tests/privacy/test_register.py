"""The record of processing says what the code does: nothing that is kept or asked for is missing from it."""

from pydantic import SecretStr

from pesan.privacy.holdings import HELD, WORDS, DataClass
from pesan.privacy.papers import to_pdf, to_plain
from pesan.privacy.processors import list_processors
from pesan.privacy.register import ACTIVITIES, Controller, compose_register, kept_for
from pesan.privacy.retention import KINDS, hours_of
from pesan.privacy.states import Purpose
from tests.payments.gateway_steps import add_account, make_gateways
from tests.support.factories import SYSTEM


def test_everything_that_is_kept_and_asked_for_has_a_purpose(settings):
    assert {kind for each in ACTIVITIES for kind in each.kinds} == set(KINDS) == set(hours_of(settings))
    assert {kind for each in ACTIVITIES for kind in each.data} == set(DataClass) == set(WORDS) == set(HELD)
    assert {each.consent for each in ACTIVITIES if each.consent} == set(Purpose)


def test_times_are_those_by_which_data_is_let_go(settings):
    changed = settings.model_copy(update={"retention_proof_days": 7, "retention_idempotency_hours": 30})

    kept = {each.kinds: kept_for(each, changed).en for each in ACTIVITIES}

    assert (kept["proofs",], kept["idempotency",], kept["contacts",]) == ("7 days", "30 hours", "730 days")
    assert kept[()] == "as long as the law demands, without names"


async def test_processors_are_those_that_are_configured(make, database, settings):
    gateways = make_gateways(database, settings.secret)
    mine, other = await make.merchant(), await make.merchant()
    await add_account(database, gateways, mine)
    await gateways.http.aclose()
    chats = {"wa_phone_id": "1", "wa_access_token": SecretStr("x")}
    away = settings.model_copy(
        update={
            "smtp_url": SecretStr("smtps://me:word@smtp.mail.example:465"),
            "database_url": "postgresql://u:p@db.example/pesan",
            "storage_bucket": "files",
            "oidc_issuer": "https://id.example/realm",
            "redis_url": "redis://127.0.0.1:6379/0",
            **chats,
        }
    )
    by_itself = {"smtp_url": SecretStr("smtp://localhost:25"), **chats, "wa_url": "http://127.0.0.1:8100"}
    at_home = settings.model_copy(update=by_itself)

    async with database.read(SYSTEM) as session:
        found = [await list_processors(session, each, other.id) for each in (away, at_home)]

    assert [(each.key, each.title) for each in found[0]] == [
        ("mail", "smtp.mail.example"),
        ("chats", "WhatsApp (Meta)"),
        ("files", "Amazon S3"),
        ("database", "db.example"),
        ("sign_in", "id.example"),
    ]
    assert found[1] == []
    paper = compose_register(Controller("Kopi", "", "Asia/Jakarta"), away, found[0], {}, now=mine.created_at)
    assert "smtp.mail.example" in str(to_plain(paper, "en"))
    assert (await to_pdf(paper))[:5] == b"%PDF-"
