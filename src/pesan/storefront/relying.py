"""Whether passkeys work at the address that a visitor sees: they are bound to the one of the base URL."""

from fastapi import Request

from pesan.identity.errors import PasskeysOff
from pesan.identity.factors.ceremonies import RelyingParty
from pesan.web.context import context_of
from pesan.web.deps import get_registry


def find_relying(request: Request) -> RelyingParty | None:
    """Whom passkeys are made for here; None where no browser would make one."""
    context = context_of(request)
    relying = get_registry(request)[RelyingParty]
    is_here = relying.origin == f"{context.scheme}://{context.host}"
    return relying if relying.id and is_here else None


def get_relying(request: Request) -> RelyingParty:
    """Whom passkeys are made for here; raises PasskeysOff."""
    relying = find_relying(request)
    if relying is None:
        raise PasskeysOff
    return relying
