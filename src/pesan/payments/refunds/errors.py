"""What refunds refuse, in words that say what to do next."""

from pesan.errors import Forbidden, NotFound, PesanError
from pesan.kit.i18n import Text


class RefundNotFound(NotFound):
    """There is no such refund, or it is not yours to see."""

    code = "refunds.not_found"
    message = Text(id="Pengembalian ini tidak ditemukan.", en="This refund was not found.")


class RefundDecided(PesanError):
    """Somebody else was first: the refund was paid, approved or declined meanwhile."""

    code = "refunds.already_decided"
    status = 409
    message = Text(
        id="Pengembalian ini sudah diurus petugas lain. Muat ulang halaman.",
        en="Somebody else has already dealt with this refund. Please reload the page.",
    )


class ProviderSends(RefundDecided):
    """The provider that took the money is sending it back; by hand only what it could not."""

    code = "refunds.provider_sends"
    message = Text(
        id="Penyedia pembayaran sedang mengirim uang ini. Kalau gagal, kamu bisa mengirimnya sendiri dari daftar ini.",
        en="The payment provider is sending this money back. If it cannot, you can send it yourself from this list.",
    )


class Overruled(Exception):
    """One move of a group cannot be written any more; not a refusal itself, so that the others of its group go on."""

    def __init__(self, refusal: PesanError) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


class TicketsGone(PesanError):
    """A chosen ticket is void already, or none of this order's."""

    code = "refunds.tickets_gone"
    status = 409
    message = Text(
        id="Tiket yang kamu pilih sudah tidak berlaku. Muat ulang halaman.",
        en="A ticket that you chose is void already. Please reload the page.",
    )


class NoTicketChosen(PesanError):
    """A refund of tickets names at least one."""

    code = "refunds.no_ticket_chosen"
    status = 422
    message = Text(id="Pilih tiket yang dikembalikan.", en="Choose the tickets to refund.")


class RefundAsked(PesanError):
    """The order is on its way back already."""

    code = "refunds.already_asked"
    status = 409
    message = Text(
        id="Pengembalian untuk pesanan ini sudah diajukan. Lihat di halaman Pengembalian dana.",
        en="A refund of this booking was already asked for. See the refunds page.",
    )


class NothingToRefund(PesanError):
    """The order was free, or its money went back already."""

    code = "refunds.nothing_to_refund"
    status = 409
    message = Text(
        id="Tidak ada uang pesanan ini yang bisa dikembalikan.",
        en="There is no money of this booking that could be returned.",
    )


class ApprovalNeeded(PesanError):
    """So much money goes back only after somebody approved it."""

    code = "refunds.approval_needed"
    status = 409
    message = Text(
        id="Pengembalian ini harus disetujui dulu sebelum dicatat sudah dikirim.",
        en="This refund has to be approved before it can be recorded as sent.",
    )


class SecondPersonNeeded(Forbidden):
    """So much money goes back only when two people agree."""

    code = "refunds.second_person_needed"
    message = Text(
        id="Jumlah sebesar ini perlu dua orang. Minta orang lain yang berwenang menyelesaikannya.",
        en="An amount like this takes two people. Ask somebody else who is allowed to finish it.",
    )


class ReferenceMissing(PesanError):
    """A refund that was sent by hand names its transfer, so that it can be found again."""

    code = "refunds.reference_missing"
    status = 422
    message = Text(
        id="Tulis nomor referensi transfernya, 3 sampai {limit} karakter.",
        en="Write the reference of the transfer, 3 to {limit} characters.",
    )
