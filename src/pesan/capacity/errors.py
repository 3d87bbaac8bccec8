"""What this module refuses."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class SoldOut(PesanError):
    """Every place is used; nothing comes back by waiting for holds."""

    code = "capacity.sold_out"
    status = 409
    message = Text(id="Tempat sudah habis.", en="All places are taken.")


class HoldPoolFull(PesanError):
    """Places are left, but others are holding as many as may be held at once."""

    code = "capacity.hold_pool_full"
    status = 409
    message = Text(
        id="Antrean penuh, coba beberapa saat lagi.", en="The queue is full. Please try again in a moment."
    )


class CapacityTooLow(PesanError):
    """The new capacity is below what is sold and held."""

    code = "capacity.below_sold"
    status = 409
    message = Text(
        id="Kapasitas tidak bisa diturunkan ke {capacity}: {taken} tempat sudah terjual atau ditahan.",
        en="Capacity cannot go down to {capacity}: {taken} places are sold or held.",
    )
