"""Row-level security of a merchant's team: who may change it, shown at the database itself."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pesan.db import Actor, Database
from pesan.identity.states import MerchantRole
from tests.db.test_policies import NOT_ALLOWED, Undone, database_url, world  # noqa: F401
from tests.db.worlds import World
from tests.support.factories import Make

pytestmark = pytest.mark.every_postgres


async def test_nobody_puts_themselves_into_a_team_or_raises_themselves(
    world: World,  # noqa: F811
    web_database: Database,
) -> None:
    a, b = world.a, world.b
    join = "INSERT INTO memberships (user_id, merchant_id, role) VALUES (:user, :merchant, 'organizer')"
    rise = "UPDATE memberships SET role = 'organizer' WHERE user_id = :user"
    mine, theirs = {"user": a.staff.id}, {"merchant": b.merchant.id}

    assert await _refused_as_identity(web_database, a.actor, join, **mine, **theirs) == NOT_ALLOWED
    # Of whose team one may not change anybody, there is nobody to be changed.
    assert await _refused_as_identity(web_database, a.actor, rise, **mine) == ""
    assert await _refused_as_identity(web_database, a.actor, rise, user=b.staff.id) == ""
    async with web_database.identity() as session:
        roles = await session.execute(text("SELECT DISTINCT role FROM memberships"))
        assert roles.scalars().all() == ["staff"]


async def test_a_team_is_changed_by_its_organizers_only(
    make: Make,
    world: World,  # noqa: F811
    web_database: Database,
) -> None:
    merchant = world.a.merchant
    organizer = await make.user(merchant, MerchantRole.ORGANIZER, email="ketua@contoh.id")
    theirs = frozenset([merchant.id])
    actors = {
        "staff": world.a.actor,
        "organizer": Actor.staff(organizer.id, theirs),
        "organizer of one event": Actor.staff(organizer.id, frozenset(), limited_ids=theirs),
        "admin": Actor.staff(uuid4(), frozenset(), is_platform_admin=True),
    }
    invite = (
        "INSERT INTO invitations (id, merchant_id, email, role, expires_at)"
        f" VALUES (gen_random_uuid(), '{merchant.id}', 'x@contoh.id', 'staff', now())"
    )
    own = f"UPDATE memberships SET role = 'staff' WHERE user_id = '{organizer.id}'"
    changes = {
        f"UPDATE memberships SET role = role WHERE user_id <> '{organizer.id}'": [0, 1, 0, 2],
        "DELETE FROM memberships": [0, 2, 0, 3],
        "UPDATE invitations SET withdrawn_at = now()": [0, 1, 0, 2],
        invite: [NOT_ALLOWED, 1, NOT_ALLOWED, 1],
        own: [0, NOT_ALLOWED, 0, 1],
    }

    found = {
        statement: [await _change_as_identity(web_database, actor, statement) for actor in actors.values()]
        for statement in changes
    }

    assert found == changes


async def _change_as_identity(database: Database, actor: Actor, statement: str) -> int | str:
    """How many rows a statement reaches, or with which SQLSTATE it is refused; nothing stays changed."""
    reached = 0
    try:
        async with database.identity(actor) as session:
            reached = (await session.execute(text(statement))).rowcount
            raise Undone
    except Undone:
        return reached
    except DBAPIError as error:
        return error.orig.sqlstate


async def _refused_as_identity(database: Database, actor: Actor, statement: str, **values: object) -> str:
    try:
        async with database.identity(actor) as session:
            await session.execute(text(statement), values)
    except DBAPIError as error:
        return error.orig.sqlstate
    return ""
