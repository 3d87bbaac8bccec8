"""What goes wrong between this instance and a payment provider."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class GatewayUnavailable(PesanError):
    """The provider did not answer, or not in a way that says what happened."""

    code = "gateway.unavailable"
    status = 503
    message = Text(
        id="Penyedia pembayaran sedang tidak menjawab. Coba lagi sebentar lagi; uangmu tidak terpotong dua kali.",
        en="The payment provider is not answering. Try again in a moment; you will not be charged twice.",
    )


class GatewaySilent(GatewayUnavailable):
    """The provider itself cannot be reached, or is out of order: whatever else it is asked would take as long."""


class GatewayRefused(PesanError):
    """The provider refused what was asked; `reason` is its own code, for staff and the log."""

    code = "gateway.refused"
    status = 502
    message = Text(
        id="Penyedia pembayaran menolak permintaan ini. Pilih cara bayar lain.",
        en="The payment provider refused this request. Choose another way to pay.",
    )

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class RefundRefused(GatewayRefused):
    """The provider refused a refund itself; any other refusal on the way there says nothing about the refund."""


class SignatureInvalid(PesanError):
    """A webhook that its sender cannot prove to be the provider's, or an account without a secret to prove it by."""

    code = "gateway.signature_invalid"
    status = 400
    message = Text(id="Tanda tangan tidak sah.", en="The signature is not valid.")


class NoticeUnreadable(PesanError):
    """A webhook that is genuine and still says nothing we understand."""

    code = "gateway.notice_unreadable"
    status = 400
    message = Text(id="Isi pesan tidak dikenali.", en="The message was not understood.")


class AccountInvalid(PesanError):
    """Each provider needs its own secrets, and this instance must know the provider."""

    code = "gateway.account_invalid"
    status = 422
    message = Text(
        id="Lengkapi semua kunci dari dasbor penyedia pembayaran: {names}.",
        en="Fill in every key from the payment provider's dashboard: {names}.",
    )


class AccountNotFound(PesanError):
    """There is no such account, or it belongs to somebody else."""

    code = "gateway.account_not_found"
    status = 404
    message = Text(
        id="Akun penyedia pembayaran ini tidak ditemukan.", en="This payment provider account was not found."
    )


class AccountSealed(PesanError):
    """The account's secrets do not open: they were sealed with another secret of the instance."""

    code = "gateway.account_sealed"
    status = 503
    message = Text(
        id="Pembayaran lewat penyedia sedang tidak bisa dipakai. Pilih cara bayar lain.",
        en="Payment by this provider cannot be used right now. Choose another way to pay.",
    )


class SandboxRefused(PesanError):
    """The sandbox takes no real money, so that a live instance does not offer it."""

    code = "gateway.sandbox_refused"
    status = 409
    message = Text(
        id="Penyedia uji coba tidak bisa dipakai di situs yang melayani pembeli sungguhan.",
        en="The sandbox cannot be used on a site that serves real buyers.",
    )


class TrialNotFound(PesanError):
    """This merchant made no such test payment."""

    code = "gateway.trial_not_found"
    status = 404
    message = Text(id="Uji coba ini tidak ditemukan.", en="This test was not found.")


class ConfirmLiveMoney(PesanError):
    """A test of an account in live mode takes real money, and nobody said that they know."""

    code = "gateway.confirm_live_money"
    status = 422
    message = Text(
        id="Akun ini menerima uang sungguhan. Centang bahwa kamu tahu uang ujinya sungguhan, lalu coba lagi.",
        en="This account takes real money. Tick that you know the test takes real money, then try again.",
    )


class ConfirmationRefused(PesanError):
    """A confirmation that no key of any merchant proves: of an unknown key, with another signature, or out of time."""

    code = "payment.confirmation_refused"
    status = 401
    message = Text(id="Tanda tangan tidak sah.", en="The signature is not valid.")


class KeyChanged(PesanError):
    """Somebody else changed the key of confirmations at the same moment."""

    code = "payment.confirm_key_changed"
    status = 409
    message = Text(
        id="Kunci ini baru saja diubah orang lain. Muat ulang halaman lalu coba lagi.",
        en="Somebody else has just changed this key. Reload the page and try again.",
    )


class KeyNotFound(PesanError):
    """There is no key of confirmations to revoke."""

    code = "payment.confirm_key_not_found"
    status = 404
    message = Text(id="Kunci konfirmasi ini tidak ada.", en="There is no such confirmation key.")
