"""The fake beside an instance in development: both know the same numbers and secrets, and production has no part."""

from collections.abc import Mapping
from dataclasses import replace
from secrets import token_urlsafe

from pesan.app.whatsapp_fake.faults import Faults
from pesan.app.whatsapp_fake.terms import Number, Terms
from pesan.errors import PesanError
from pesan.kit.i18n import Text
from pesan.settings import Settings

WEBHOOK_PATH = "/api/webhooks/whatsapp"
# As long as a person takes to look: ticks that change at once cannot be seen to.
# The page says itself when somebody read.
LIVELY = Faults(statuses="delivered", status_delay_ms=(300, 900), template_delay_ms=(500, 1500))


class FakeRefused(PesanError):
    """A production instance has customers, and talks to the real service."""

    code = "whatsapp_fake.refused"
    status = 409
    message = Text(
        id="WhatsApp tiruan tidak dijalankan untuk instansi produksi. Jalankan tanpa PESAN_ENV=production.",
        en="The WhatsApp stand-in is not run for a production instance. Run it without PESAN_ENV=production.",
    )


def refuse_in_production(settings: Settings) -> None:
    """Raises FakeRefused for a production instance."""
    if settings.is_production:
        raise FakeRefused


def terms_of(settings: Settings, webhook_url: str) -> Terms:
    """What the instance says of its account; where it says nothing, the fake's own.

    Raises FakeRefused for a production instance.
    """
    refuse_in_production(settings)
    own = Terms()
    number = Number(
        settings.wa_phone_id or own.numbers[0].id,
        settings.wa_number.removeprefix("+") or own.numbers[0].display,
    )
    return replace(
        own,
        numbers=(number,),
        business_id=settings.wa_business_id or own.business_id,
        access_token=settings.wa_access_token.get_secret_value() or own.access_token,
        app_secret=settings.wa_app_secret.get_secret_value() or own.app_secret,
        verify_token=settings.wa_verify_token.get_secret_value() or own.verify_token,
        webhook_url=webhook_url,
        fetches_links=True,
    )


def variables_for(port: int) -> Mapping[str, str]:
    """The settings of an instance that shall use a fake on `port`, with secrets made for this run."""
    terms = Terms()
    return {
        "PESAN_WA_PHONE_ID": terms.numbers[0].id,
        "PESAN_WA_NUMBER": f"+{terms.numbers[0].display}",
        "PESAN_WA_BUSINESS_ID": terms.business_id,
        "PESAN_WA_ACCESS_TOKEN": token_urlsafe(24),
        "PESAN_WA_APP_SECRET": token_urlsafe(24),
        "PESAN_WA_VERIFY_TOKEN": token_urlsafe(24),
        "PESAN_WA_URL": f"http://127.0.0.1:{port}",
    }
