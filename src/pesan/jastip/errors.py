"""What the jastip desk refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class TripNotFound(NotFound):
    """There is no such trip, or it is not yours to see."""

    code = "jastip.trip_not_found"
    message = Text(id="Trip ini tidak ditemukan.", en="This trip was not found.")


class ProductNotFound(NotFound):
    """The trip has no such product, or it is not sold any more."""

    code = "jastip.product_not_found"
    message = Text(id="Produk ini tidak ditemukan.", en="This product was not found.")


class ParticipantNotFound(NotFound):
    """Nobody of the trip is meant, or it is not yours to know."""

    code = "jastip.participant_not_found"
    message = Text(id="Peserta ini tidak ditemukan.", en="This participant was not found.")


class TripSlugTaken(PesanError):
    """Another trip of the instance has this slug: chat commands name nothing else."""

    code = "jastip.trip_slug_taken"
    status = 409
    message = Text(
        id="Kode trip {slug} sudah dipakai. Pilih yang lain.",
        en="The trip code {slug} is taken. Choose another.",
    )


class ProductSlugTaken(PesanError):
    """Another product of the instance has this slug."""

    code = "jastip.product_slug_taken"
    status = 409
    message = Text(
        id="Kode produk {slug} sudah dipakai. Pilih yang lain.",
        en="The product code {slug} is taken. Choose another.",
    )


class TripClosed(PesanError):
    """The trip is not active, or its deadline is over."""

    code = "jastip.trip_closed"
    status = 409
    message = Text(id="Trip ini sudah ditutup.", en="This trip is closed.")


class TripBusy(PesanError):
    """Orders of the trip are not finished; it can be closed, and deleted when they are."""

    code = "jastip.trip_busy"
    status = 409
    message = Text(
        id="Masih ada {count} pesanan yang berjalan. Tutup saja trip ini dulu.",
        en="{count} orders are not finished. Close the trip for now.",
    )


class ProductBusy(PesanError):
    """Orders of the product are not finished; it can be discontinued."""

    code = "jastip.product_busy"
    status = 409
    message = Text(
        id="Masih ada {count} pesanan produk ini. Hentikan penjualannya saja.",
        en="{count} orders of this product are not finished. Discontinue it instead.",
    )


class BroadcastNotFound(NotFound):
    """The trip has no such broadcast, or it is not yours to see."""

    code = "jastip.broadcast_not_found"
    message = Text(id="Broadcast ini tidak ditemukan.", en="This broadcast was not found.")


class NobodyToTell(PesanError):
    """Nobody of the chosen audience takes part and wants to hear of the trip."""

    code = "jastip.nobody_to_tell"
    status = 409
    message = Text(
        id="Belum ada peserta yang bisa dikabari. Pilih penerima lain.",
        en="There is nobody to tell. Choose another audience.",
    )


class BroadcastOver(PesanError):
    """Everything was handed to the sender, or it was cancelled before."""

    code = "jastip.broadcast_over"
    status = 409
    message = Text(id="Broadcast ini sudah selesai.", en="This broadcast is over.")


class AlreadyJoined(PesanError):
    """This number takes part in the trip already."""

    code = "jastip.already_joined"
    status = 409
    message = Text(id="Nomor ini sudah ikut trip ini.", en="This number has joined this trip already.")


class JoinPending(PesanError):
    """Whoever joined on a page orders when they have written to the chat, which shows that the number is theirs."""

    code = "jastip.join_pending"
    status = 409
    message = Text(
        id="Kirim pesan JOIN lewat WhatsApp dulu, supaya kami tahu nomor ini milikmu.",
        en="First send the JOIN message over WhatsApp, so that we know this number is yours.",
    )


class RatingNotFound(NotFound):
    """Nothing was said with this order, or it is not shown."""

    code = "jastip.rating_not_found"
    message = Text(id="Penilaian ini tidak ditemukan.", en="This rating was not found.")


class NotToBeRated(PesanError):
    """Only what was sent is rated."""

    code = "jastip.not_to_be_rated"
    status = 409
    message = Text(
        id="Penilaian dibuka setelah titipanmu dikirim.", en="You can rate this once your order was sent."
    )


class ProposalNotFound(NotFound):
    """There is no such proposal of a price, or it is not about your order."""

    code = "jastip.proposal_not_found"
    message = Text(id="Usulan harga ini tidak ditemukan.", en="This price proposal was not found.")


class ProposalAnswered(PesanError):
    """Somebody was first: the proposal was accepted, declined or withdrawn meanwhile."""

    code = "jastip.proposal_answered"
    status = 409
    message = Text(
        id="Usulan harga ini sudah dijawab atau ditarik. Yang berlaku tertulis di bawah.",
        en="This price proposal was answered or withdrawn meanwhile. What counts now is written below.",
    )


class NothingToPropose(PesanError):
    """No paid order that was not sent has this product at another price."""

    code = "jastip.nothing_to_propose"
    status = 409
    message = Text(
        id="Tidak ada pesanan lunas yang belum dikirim dengan harga lain untuk barang ini.",
        en="No order that is paid and not sent has this product at another price.",
    )


class FewerBought(PesanError):
    """Fewer pieces were bought than are to be taken back."""

    code = "jastip.fewer_bought"
    status = 409
    message = Text(
        id="Jumlah yang dibeli tidak bisa kurang dari nol. Muat ulang halaman.",
        en="The number of pieces bought cannot be below zero. Please reload the page.",
    )
