"""The guest's pages. Every form here posts plainly and is answered with a redirect, so that scripts are a comfort."""

from fastapi import APIRouter

from pesan.storefront.pages import (
    account,
    basket,
    booking,
    consents,
    documents,
    events,
    invitation,
    legal,
    openid,
    passkey_log_in,
    passkeys,
    payment,
    privacy,
    sandbox,
    second_factor,
    signing_in,
    site,
    status,
    tickets,
)

router = APIRouter(include_in_schema=False)
for part in (
    site,
    events,
    legal,
    privacy,
    basket,
    booking,
    payment,
    sandbox,
    status,
    consents,
    documents,
    invitation,
    tickets,
    signing_in,
    second_factor,
    passkey_log_in,
    passkeys,
    openid,
    account,
):
    router.include_router(part.router)
router.include_router(basket.confirmation)

__all__ = ["router"]
