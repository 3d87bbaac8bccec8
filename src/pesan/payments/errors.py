"""What payments refuse, in words that say what to do next."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class QrisInvalid(PesanError):
    """The text is not a QRIS code that can take an amount; `reason` is for the log and for tests."""

    code = "qris.invalid"
    status = 422
    message = Text(
        id="Kode QRIS ini tidak sah atau terpotong. Salin lagi seluruh isinya dari QRIS statis usahamu.",
        en="This QRIS code is invalid or cut off. Copy its whole content again from your static QRIS.",
    )

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class QrisAmountRefused(PesanError):
    """QRIS takes whole rupiah above zero and at most its cap per transaction."""

    code = "qris.amount_refused"
    status = 422
    message = Text(
        id="QRIS hanya bisa sampai {maximum} per transaksi. Pilih transfer bank.",
        en="QRIS takes at most {maximum} per transaction. Choose a bank transfer.",
    )


class MethodNotOffered(PesanError):
    """The payment method is not one of the event's, or was switched off."""

    code = "payment.method_not_offered"
    status = 409
    message = Text(
        id="Cara bayar ini tidak tersedia untuk acara ini. Pilih cara bayar yang lain.",
        en="This way to pay is not offered for this event. Choose another one.",
    )


class NothingToPay(PesanError):
    """The order costs nothing, so there is no method to choose."""

    code = "payment.nothing_to_pay"
    status = 409
    message = Text(
        id="Pesanan ini gratis; tidak ada yang perlu dibayar.",
        en="This order is free; there is nothing to pay.",
    )


class MethodInvalid(PesanError):
    """A bank account needs a bank, a number and a holder; a QRIS needs its static code."""

    code = "payment.method_invalid"
    status = 422
    message = Text(
        id="Lengkapi bank, nomor rekening (angka saja), dan nama pemilik rekening.",
        en="Fill in the bank, the account number (digits only) and the account holder.",
    )


class MethodNotFound(PesanError):
    """There is no such payment method, or it belongs to somebody else."""

    code = "payment.method_not_found"
    status = 404
    message = Text(
        id="Cara bayar ini tidak ditemukan. Muat ulang halaman ini.",
        en="This payment method was not found. Reload this page.",
    )


class PaymentNotFound(PesanError):
    """There is no such payment, or it is not yours to see."""

    code = "payment.not_found"
    status = 404
    message = Text(id="Pembayaran ini tidak ditemukan.", en="This payment was not found.")


class ProofNotFound(PesanError):
    """There is no such proof, or it is not yours to see."""

    code = "proof.not_found"
    status = 404
    message = Text(id="Bukti ini tidak ditemukan.", en="This proof was not found.")


class AmountInvalid(PesanError):
    """An amount is whole rupiah above zero."""

    code = "payment.amount_invalid"
    status = 422
    message = Text(
        id="Tulis nominal yang masuk dalam rupiah, misalnya 150.000.",
        en="Write the amount that came in, in rupiah, such as 150.000.",
    )


class ProofNotExpected(PesanError):
    """The order is being paid on a provider's page, which tells us itself; a picture of it proves nothing."""

    code = "proof.not_expected"
    status = 409
    message = Text(
        id="Pesanan ini dibayar di halaman penyedia pembayaran dan terkonfirmasi otomatis, jadi tidak perlu bukti."
        " Kalau ingin transfer, pilih dulu cara bayar transfer.",
        en="This booking is paid on a payment provider's page and confirmed by itself, so it needs no proof. To pay by"
        " transfer instead, choose the transfer first.",
    )


class UploadsBusy(PesanError):
    """The merchant's buyers sent more bytes within the hour than the instance takes for one merchant."""

    code = "proof.uploads_busy"
    status = 429
    message = Text(
        id="Terlalu banyak bukti masuk untuk penyelenggara ini. Coba lagi beberapa menit lagi.",
        en="Too many proofs are arriving for this organizer. Please try again in a few minutes.",
    )


class TooManyProofs(PesanError):
    """The order has as many proofs, or as many bytes of them, as it may have."""

    code = "proof.too_many"
    status = 409
    message = Text(
        id="Pesanan ini sudah punya cukup bukti. Tunggu hasil pemeriksaan penyelenggara.",
        en="This order has enough proofs already. Wait for the organizer's review.",
    )


class BalanceArriving(PesanError):
    """The provider took the balance, and its order says so in a moment."""

    code = "payments.balance_arriving"
    status = 409
    message = Text(
        id="Pelunasanmu sedang kami catat. Coba lagi sebentar lagi.",
        en="Your payment of the balance is just being recorded. Please try again in a moment.",
    )
