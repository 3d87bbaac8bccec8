"""A merchant's terms, refund policy and privacy notice; earlier versions stay readable."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from pesan.privacy.register import list_named
from pesan.tenancy.brands import show_brand
from pesan.tenancy.errors import LegalVersionNotFound
from pesan.tenancy.legal.paragraphs import to_blocks
from pesan.tenancy.legal.queries import list_versions
from pesan.tenancy.legal.states import TITLES, LegalKind
from pesan.tenancy.queries import get_merchant_by_slug
from pesan.web.access import Who, allow
from pesan.web.deps import get_database, get_locale, guest_actor
from pesan.web.pages import render

router = APIRouter(dependencies=[allow(Who.PUBLIC)])


@router.get("/m/{slug}/legal/{kind}")
async def show_legal_page(
    request: Request, slug: str, kind: str, version: Annotated[str, Query(max_length=9)] = ""
) -> Response:
    """The version that counts now, or the one that somebody accepted then."""
    if kind not in TITLES:
        raise LegalVersionNotFound
    async with get_database(request).read(guest_actor(request)) as session:
        merchant = await get_merchant_by_slug(session, slug)
        versions = await list_versions(session, merchant.id, LegalKind(kind))
        is_notice = kind == LegalKind.PRIVACY
        processors = await list_named(session, merchant.id) if is_notice else []
    shown = next((found for found in versions if not version or str(found.number) == version), None)
    if shown is None:
        raise LegalVersionNotFound
    context = {
        "brand": show_brand(merchant),
        "kind": kind,
        "titles": TITLES,
        "shown": shown,
        "versions": versions,
        "processors": processors,
        "blocks": to_blocks(shown.body(get_locale(request))),
    }
    return render(request, "storefront/legal.html", context)
