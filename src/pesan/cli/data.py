"""Commands that make merchants, events and people."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import typer

from pesan.catalog.service import EventDraft, create_event
from pesan.catalog.states import EventStatus
from pesan.checkout.links import event_path
from pesan.cli.instance import find_origin, with_database
from pesan.cli.output import AsJson, print_record
from pesan.cli.values import check_accent, check_slug, check_zone, on_clocks_of, parse_moment
from pesan.db import Actor, Database
from pesan.identity.errors import UnknownUser
from pesan.identity.factors.service import remove_lost_factors
from pesan.identity.queries import find_user_by_email
from pesan.identity.service import create_user, set_membership
from pesan.identity.states import MerchantRole, PlatformRole
from pesan.settings import Settings
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.tenancy.service import create_merchant

ACTOR = Actor.system("cli")
DEFAULT_ACCENT = "#5b3df5"


merchant = typer.Typer(no_args_is_help=True, help="Merchants, the brands that sell.")
event = typer.Typer(no_args_is_help=True, help="Events.")
user = typer.Typer(no_args_is_help=True, help="People who work here.")


@merchant.command("create")
def merchant_create(
    name: Annotated[str, typer.Option(help="The brand's name.")],
    slug: Annotated[
        str,
        typer.Option(
            help="The brand's address: 3 to 40 lower-case letters, digits, hyphens.", callback=check_slug
        ),
    ],
    zone: Annotated[
        str | None,
        typer.Option(help="Its time zone; PESAN_ZONE unless given.", callback=check_zone),
    ] = None,
    accent: Annotated[
        str, typer.Option(help="Its colour, as #rrggbb.", callback=check_accent)
    ] = DEFAULT_ACCENT,
    as_json: AsJson = False,
) -> None:
    """Make a merchant."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.write(ACTOR) as session:
            made = await create_merchant(
                session,
                name=name,
                slug=slug,
                zone=zone or settings.zone,
                accent=accent.lower(),
                actor=ACTOR,
            )
        return {"id": made.id, "slug": made.slug}

    print_record(with_database(work), as_json=as_json)


@event.command("create")
def event_create(
    *,
    merchant_slug: Annotated[str, typer.Option("--merchant", help="The merchant's slug.")],
    title: Annotated[str, typer.Option(help="What it is.")],
    starts_at: Annotated[
        datetime,
        typer.Option(parser=parse_moment, help="ISO 8601; without an offset it is the merchant's time."),
    ],
    capacity: Annotated[int, typer.Option(min=1, help="Places.")],
    price: Annotated[int, typer.Option(min=0, help="Rupiah for one place; 0 is free.")],
    hold_ratio: Annotated[
        float, typer.Option(min=0.001, max=1, help="Share that may be held at once.")
    ] = 0.30,
    hold_minutes: Annotated[int, typer.Option(min=1, max=60, help="How long a place is held.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Make an event that is open for sale."""

    async def work(database: Database, settings: Settings) -> dict[str, Any]:
        async with database.write(ACTOR) as session:
            owner = await get_merchant_by_slug(session, merchant_slug)
            draft = EventDraft(
                title=title,
                starts_at=on_clocks_of(starts_at, owner.zone),
                capacity=capacity,
                price_amount=price,
                hold_ratio=Decimal(str(hold_ratio)),
                hold_minutes=hold_minutes,
            )
            made = await create_event(
                session, merchant_id=owner.id, draft=draft, actor=ACTOR, status=EventStatus.OPEN
            )
        url = find_origin(settings) + event_path(made.slug, made.short_id)
        return {"id": made.id, "slug": made.slug, "short_id": made.short_id, "url": url}

    print_record(with_database(work), as_json=as_json)


@user.command("create")
def user_create(
    *,
    email: Annotated[str, typer.Option(help="Their e-mail address, with which they log in.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    password: Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)],
    merchant_slug: Annotated[
        str | None, typer.Option("--merchant", help="The merchant they work for.")
    ] = None,
    role: Annotated[MerchantRole, typer.Option(help="Their role there.")] = MerchantRole.STAFF,
    platform_role: Annotated[
        PlatformRole | None, typer.Option(help="A role over the whole instance.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a person who may log in to the back office."""

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        async with database.write(ACTOR) as session:
            made = await create_user(
                session, email=email, name=name, password=password, platform_role=platform_role, actor=ACTOR
            )
            if merchant_slug:
                owner = await get_merchant_by_slug(session, merchant_slug)
                await set_membership(session, user_id=made.id, merchant_id=owner.id, role=role, actor=ACTOR)
        return {"id": made.id, "email": made.email}

    print_record(with_database(work), as_json=as_json)


@user.command("clear-factors")
def user_clear_factors(
    *,
    email: Annotated[str, typer.Option(help="Whose passkeys, app and recovery codes are lost.")],
    as_json: AsJson = False,
) -> None:
    """Take away every second factor of somebody who lost them; they sign in with their password and set up anew."""

    async def work(database: Database, _: Settings) -> dict[str, Any]:
        async with database.write(ACTOR) as session:
            known = await find_user_by_email(session, email)
            if known is None:
                raise UnknownUser
            await remove_lost_factors(session, user_id=known.id, actor=ACTOR)
        return {"id": known.id, "email": known.email}

    print_record(with_database(work), as_json=as_json)
