"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class MerchantNotFound(NotFound):
    """No merchant has this slug or id."""

    code = "tenancy.merchant_not_found"
    message = Text(id="Penyelenggara ini tidak ditemukan.", en="This organizer was not found.")


class SlugTaken(PesanError):
    """Another merchant has the slug, or the product itself needs it."""

    code = "tenancy.slug_taken"
    status = 409
    message = Text(
        id="Nama alamat “{slug}” sudah dipakai. Pilih yang lain.",
        en="The address “{slug}” is taken. Choose another.",
    )


class LegalVersionNotFound(NotFound):
    """The merchant never published this page, or not in this version."""

    code = "tenancy.legal_not_found"
    message = Text(id="Halaman atau versi ini tidak ada.", en="There is no such page or version.")
