"""What this module refuses."""

from pesan.errors import NotFound, PesanError
from pesan.kit.i18n import Text


class ContactLinkOver(PesanError):
    """The link was used, is too old, or was never made."""

    code = "privacy.link_over"
    status = 410
    message = Text(
        id="Tautan ini sudah dipakai atau kedaluwarsa. Minta yang baru.",
        en="This link was used or has expired. Ask for a new one.",
    )


class RequestNotFound(NotFound):
    """The merchant has no such request."""

    code = "privacy.request_not_found"
    message = Text(id="Permintaan ini tidak ditemukan.", en="This request was not found.")


class RequestDecided(PesanError):
    """Somebody else decided it first."""

    code = "privacy.request_decided"
    status = 409
    message = Text(
        id="Permintaan ini sudah dijawab. Muat ulang halamannya.",
        en="This request was answered already. Reload the page.",
    )


class DataStillNeeded(PesanError):
    """A booking of theirs is not over yet, or its money has not gone back."""

    code = "privacy.data_still_needed"
    status = 409
    message = Text(
        id="Masih ada pesanan atau refund yang berjalan dengan kontak ini. Selesaikan dulu, atau tolak karenanya.",
        en="A booking or a refund of this contact is still going on. Finish it first, or refuse for that reason.",
    )


class ErasureListMissing(NotFound):
    """There is no list of erasures where it should be."""

    code = "privacy.erasure_list_missing"
    message = Text(
        id="Tidak ada daftar penghapusan di {path}. Kembalikan salinannya, atau tunjuk berkasnya dengan --list.",
        en="There is no list of erasures at {path}. Bring its copy back, or name its file with --list.",
    )


class NoticeNotInForce(PesanError):
    """A consent names another version of the privacy notice than the one in force; `version` is that one."""

    code = "privacy.notice_not_in_force"
    status = 409
    message = Text(
        id="Pemberitahuan privasinya sudah berubah. Tunjukkan versi {version} ke pemesan, lalu tanya lagi.",
        en="The privacy notice has changed. Show version {version} to the buyer, then ask again.",
    )
