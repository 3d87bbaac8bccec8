"""What this module refuses."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class CertificateNotReady(PesanError):
    """A certificate says that somebody was there, so there is none before the event is over."""

    code = "checkout.certificate_not_ready"
    status = 409
    message = Text(
        id="Sertifikatnya bisa diambil setelah acara selesai.",
        en="The certificate can be fetched once the event is over.",
    )


class NothingToResend(PesanError):
    """The order stands where no letter was ever due: held, or paid and not yet fulfilled."""

    code = "checkout.nothing_to_resend"
    status = 409
    message = Text(
        id="Belum ada surat yang bisa dikirim ulang untuk pesanan ini.",
        en="There is no letter to send again for this booking yet.",
    )


class RecipientOutOfReach(PesanError):
    """This instance has no way to write to somebody, so a ticket handed on to them would reach nobody."""

    code = "checkout.recipient_out_of_reach"
    status = 409
    message = Text(
        id="Kami belum bisa mengirim surat ke alamat itu, jadi tiketnya tetap di tempat semula.",
        en="We cannot send letters to that address yet, so the ticket stays where it is.",
    )


class NobodyToTell(PesanError):
    """The buyer left no address that a channel of this instance reaches."""

    code = "checkout.nobody_to_tell"
    status = 409
    message = Text(
        id="Pembeli tidak meninggalkan alamat yang bisa dikirimi surat. Berikan tautan halaman pembeli kepadanya.",
        en="The buyer left no address that letters can reach. Give them the link of the buyer's page.",
    )


class ResentTooOften(PesanError):
    """The buyer was written to again several times within the hour."""

    code = "checkout.resent_too_often"
    status = 429
    message = Text(
        id="Surat pesanan ini sudah dikirim ulang {most} kali dalam satu jam. Coba lagi nanti.",
        en="This booking's letter was sent again {most} times within the hour. Try again later.",
    )
