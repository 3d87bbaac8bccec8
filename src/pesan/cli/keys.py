"""Commands for the keys that sign tickets."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from pesan.cli.instance import with_database
from pesan.cli.output import AsJson, print_record, print_records
from pesan.db import Actor, Database
from pesan.hooks.sealing import reseal_secrets
from pesan.payments.gateways.resealing import reseal_accounts
from pesan.settings import Settings, load_settings
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.tickets.keys import Algorithm
from pesan.tickets.keystore import DatabaseKeyStore
from pesan.tickets.queries import list_keys, list_public_keys
from pesan.tickets.resealing import reseal

keys = typer.Typer(no_args_is_help=True, help="The keys that sign tickets; private ones never leave.")
_ACTOR = Actor.system("cli")
MerchantSlug = Annotated[str, typer.Option("--merchant", help="The merchant's slug.")]


@keys.command("list")
def keys_list(merchant: MerchantSlug, as_json: AsJson = False) -> None:
    """List a merchant's keys, the active one first."""

    async def work(database: Database, _: Settings) -> list[dict[str, Any]]:
        async with database.read(_ACTOR) as session:
            owner = await get_merchant_by_slug(session, merchant)
            return [
                {"kid": key.kid, "alg": key.alg, "state": key.state, "created_at": key.created_at}
                for key in await list_keys(session, owner.id)
            ]

    print_records(with_database(work), as_json=as_json, empty="No key yet; the first ticket makes one.")


@keys.command("rotate")
def keys_rotate(merchant: MerchantSlug, as_json: AsJson = False) -> None:
    """Make a new key that signs from now on; what older keys signed still verifies."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.read(_ACTOR) as session:
            owner = await get_merchant_by_slug(session, merchant)
        store = DatabaseKeyStore(database, settings.secret)
        made = await store.rotate(owner.id, Algorithm(owner.ticket_key_alg), actor=_ACTOR)
        return {"kid": made.kid, "alg": made.algorithm}

    print_record(with_database(work), as_json=as_json)


@keys.command("export")
def keys_export(as_json: AsJson = True) -> None:
    """Print the public keys as a JWK set (RFC 7517)."""

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        async with database.read(_ACTOR) as session:
            return await list_public_keys(session)

    print_record(with_database(work), as_json=as_json)


@keys.command("reseal")
def keys_reseal(as_json: AsJson = False) -> None:
    """Seal private keys and the secrets of payment providers and webhooks with a PESAN_SECRET_KEY that changed.

    The secret of before comes from PESAN_OLD_SECRET_KEY or standard input; a command line is for everybody to read.
    """
    old = _old_secret()

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.write(_ACTOR) as session:
            resealed = await reseal(session, old=old, new=settings.secret, actor=_ACTOR)
            accounts = await reseal_accounts(session, old=old, new=settings.secret, actor=_ACTOR)
            hooks = await reseal_secrets(session, old=old, new=settings.secret)
            return {**asdict(resealed), "gateway_accounts": accounts, "webhook_secrets": hooks}

    print_record(with_database(work), as_json=as_json)


def _old_secret() -> bytes:
    given = load_settings().old_secret_key.get_secret_value()
    if given:
        return given.encode()
    if sys.stdin.isatty():
        return str(typer.prompt("The secret of before", hide_input=True)).encode()
    return sys.stdin.readline().strip().encode()
