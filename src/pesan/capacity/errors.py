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


class SeatTaken(SoldOut):
    """Somebody has this seat already."""

    code = "capacity.seat_taken"
    message = Text(
        id="Kursi yang kamu pilih sudah terjual. Pilih kursi lain.",
        en="A seat that you chose is sold. Please choose another one.",
    )


class SeatHeld(HoldPoolFull):
    """Somebody is paying for this seat; it may come back."""

    code = "capacity.seat_held"
    message = Text(
        id="Kursi yang kamu pilih sedang dipesan orang lain. Pilih kursi lain, atau coba lagi nanti.",
        en="Somebody is booking a seat that you chose. Choose another one, or try again later.",
    )


class SlotTaken(SoldOut):
    """Somebody has the booth at some moment of this time already."""

    code = "capacity.slot_taken"
    message = Text(
        id="Waktu yang kamu pilih sudah terisi. Pilih waktu lain.",
        en="The time that you chose is taken. Please choose another one.",
    )


class SlotHeld(HoldPoolFull):
    """Somebody is paying for this time; it may come back."""

    code = "capacity.slot_held"
    message = Text(
        id="Waktu yang kamu pilih sedang dipesan orang lain. Pilih waktu lain, atau coba lagi nanti.",
        en="Somebody is booking the time that you chose. Choose another one, or try again later.",
    )


class PromoUsedUp(SoldOut):
    """The promo code was used as often as it may be."""

    code = "promo.used_up"
    message = Text(id="Kode promo ini sudah habis dipakai.", en="This promo code is used up.")


class PromoHeld(HoldPoolFull):
    """Every use of the promo code that is left is in somebody's unfinished order."""

    code = "promo.held"
    message = Text(
        id="Kode promo ini sedang dipakai orang lain. Coba lagi nanti.",
        en="This promo code is in use by others. Please try again later.",
    )


class CapacityTooLow(PesanError):
    """The new capacity is below what is sold and held."""

    code = "capacity.below_sold"
    status = 409
    message = Text(
        id="Kapasitas tidak bisa diturunkan ke {capacity}: {taken} tempat sudah terjual atau ditahan.",
        en="Capacity cannot go down to {capacity}: {taken} places are sold or held.",
    )
