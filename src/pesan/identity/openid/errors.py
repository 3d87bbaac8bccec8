"""What signing in with a provider refuses, and why."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class ProviderOff(PesanError):
    """This instance has no provider to sign in with."""

    code = "auth.provider_off"
    status = 404
    message = Text(
        id="Masuk dengan penyedia lain tidak tersedia di sini.",
        en="Signing in with a provider is not available here.",
    )


class ProviderAway(PesanError):
    """The provider does not answer, or says something that is no answer."""

    code = "auth.provider_away"
    status = 503
    message = Text(
        id="{provider} sedang tidak menjawab. Coba lagi sebentar lagi, atau masuk dengan kata sandi.",
        en="{provider} does not answer now. Try again in a moment, or sign in with your password.",
    )


class ProviderRefused(PesanError):
    """What came back from the provider does not belong to this log-in or is not proven; never says which."""

    code = "auth.provider_refused"
    status = 401
    message = Text(
        id="Masuk lewat {provider} tidak berhasil. Mulai lagi dari sini.",
        en="Signing in with {provider} did not work. Start again from here.",
    )


class ProviderUnverified(PesanError):
    """The provider does not vouch for the person's address."""

    code = "auth.provider_unverified"
    status = 403
    message = Text(
        id="{provider} belum memverifikasi alamat e-mailmu. Verifikasi dulu di sana, atau masuk dengan kata sandi.",
        en="{provider} has not verified your e-mail address. Verify it there first, or sign in with your password.",
    )


class ProviderNotJoined(PesanError):
    """The account is not joined to the provider, or not any more."""

    code = "auth.provider_not_joined"
    status = 409
    message = Text(id="Akunmu tidak terhubung ke {provider}.", en="Your account is not joined to {provider}.")


class ProviderTaken(PesanError):
    """The account belongs to somebody else at the same provider, who had this address before."""

    code = "auth.provider_taken"
    status = 403
    message = Text(
        id="Akun dengan alamat ini sudah terhubung ke orang lain di {provider}. Masuk dengan kata sandi.",
        en="The account of this address belongs to somebody else at {provider}. Sign in with your password.",
    )
