"""What identity refuses, and why."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class WrongCredentials(PesanError):
    """The e-mail and the password do not belong together; never says which of the two is wrong."""

    code = "auth.wrong_credentials"
    status = 401
    message = Text(
        id="E-mail atau kata sandi tidak cocok. Periksa keduanya lalu coba lagi.",
        en="The e-mail or the password does not match. Check both and try again.",
    )


class LogInLocked(PesanError):
    """Too many wrong passwords in a row for this e-mail, whether or not it belongs to anybody."""

    code = "auth.locked"
    status = 429
    message = Text(
        id="Terlalu banyak percobaan yang salah. Coba lagi {minutes} menit lagi.",
        en="Too many wrong attempts. Try again in {minutes} minutes.",
    )


class EmailTaken(PesanError):
    """Another user has this e-mail address."""

    code = "identity.email_taken"
    status = 409
    message = Text(
        id="E-mail ini sudah dipakai pengguna lain. Pakai alamat lain.",
        en="This e-mail belongs to another user. Use a different address.",
    )


class WeakPassword(PesanError):
    """The password is too short, too long, or on everybody's list of first guesses."""

    code = "identity.weak_password"
    status = 422
    message = Text(
        id="Kata sandi ini terlalu mudah ditebak. Pakai minimal {minimum} karakter, misalnya beberapa kata acak.",
        en="This password is too easy to guess. Use at least {minimum} characters, such as a few random words.",
    )


class UnknownUser(PesanError):
    """No user has this id or e-mail."""

    code = "identity.unknown_user"
    status = 404
    message = Text(id="Pengguna ini tidak ditemukan.", en="This user was not found.")


class SignInToVerify(PesanError):
    """Whoever verifies an address has to be signed in to its account: a mail alone makes nobody its owner."""

    code = "identity.sign_in_to_verify"
    status = 403
    message = Text(
        id="Masuk dulu ke akun ini, lalu tekan lagi. Bukan kamu yang membuatnya? Buat kata sandi baru, dan akun ini"
        " jadi milikmu.",
        en="Sign in to this account first, then press again. You did not make it? Set a new password, and the account"
        " is yours.",
    )


class LinkOver(PesanError):
    """A link from a mail is forged, too old, or was used already; never says which."""

    code = "identity.link_over"
    status = 410
    message = Text(
        id="Tautan ini sudah tidak berlaku. Minta tautan baru, lalu buka yang terbaru di e-mailmu.",
        en="This link is no longer valid. Ask for a new one and open the latest in your mail.",
    )


class UnknownSession(PesanError):
    """This person has no live session of this id."""

    code = "identity.unknown_session"
    status = 404
    message = Text(id="Perangkat ini sudah keluar.", en="This device is signed out already.")


class RefreshOver(PesanError):
    """The refresh token is missing, too old, or was used before; sign in again."""

    code = "auth.refresh_over"
    status = 401
    message = Text(
        id="Sesi ini sudah berakhir. Masuk lagi untuk melanjutkan.",
        en="This session is over. Sign in again to continue.",
    )


class BearerNeeded(PesanError):
    """This address signs out by a bearer token only; browsers post to it."""

    code = "auth.bearer_needed"
    status = 401
    message = Text(
        id="Kirim token akses di kepala Authorization, atau pakai POST.",
        en="Send the access token in the Authorization header, or use POST.",
    )


class SecondFactorNeeded(PesanError):
    """The password is right; the code of the second factor is still to come."""

    code = "auth.second_factor_needed"
    status = 401
    message = Text(
        id="Masukkan juga kode dari aplikasi autentikator, atau kode pemulihan.",
        en="Enter the code of your authenticator app too, or a recovery code.",
    )


class WrongCode(PesanError):
    """The code does not fit, is too old, or was used already."""

    code = "auth.wrong_code"
    status = 401
    message = Text(
        id="Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya, lalu coba lagi.",
        en="This code does not fit or was used already. Wait for the next code and try again.",
    )


class FactorLocked(PesanError):
    """Too many wrong codes in a row."""

    code = "auth.factor_locked"
    status = 429
    message = Text(
        id="Terlalu banyak kode yang salah. Coba lagi {minutes} menit lagi.",
        en="Too many wrong codes. Try again in {minutes} minutes.",
    )


class StepOver(PesanError):
    """The log-in waited too long for its second factor, or was finished already."""

    code = "auth.step_over"
    status = 401
    message = Text(id="Sudah terlalu lama. Masuk lagi dari awal.", en="That took too long. Sign in again.")


class NoFactor(PesanError):
    """This account has no second factor."""

    code = "identity.no_factor"
    status = 409
    message = Text(
        id="Akun ini belum memakai langkah kedua.", en="This account does not use a second step yet."
    )


class FactorOn(PesanError):
    """This account has a second factor already."""

    code = "identity.factor_on"
    status = 409
    message = Text(
        id="Langkah kedua sudah aktif. Matikan dulu untuk menggantinya.",
        en="The second step is on already. Turn it off first to replace it.",
    )


class InTeamAlready(PesanError):
    """Whoever was invited works for the merchant already."""

    code = "identity.in_team_already"
    status = 409
    message = Text(id="Orang ini sudah ada di tim.", en="This person is in the team already.")


class OwnRole(PesanError):
    """Somebody wanted to change their own role or events."""

    code = "identity.own_role"
    status = 409
    message = Text(
        id="Peranmu sendiri hanya bisa diubah penyelenggara lain.",
        en="Only another organizer can change your own role.",
    )


class LastOrganizer(PesanError):
    """Somebody wanted to leave a team that would have no organizer then."""

    code = "identity.last_organizer"
    status = 409
    message = Text(
        id="Kamu penyelenggara terakhir. Undang penggantimu dulu, baru keluar dari tim.",
        en="You are the last organizer. Invite your successor first, then leave the team.",
    )


class UnknownInvitation(PesanError):
    """The merchant has no open invitation of this id."""

    code = "identity.unknown_invitation"
    status = 404
    message = Text(id="Undangan ini tidak ditemukan.", en="This invitation was not found.")


class OtherAddressInvited(PesanError):
    """Whoever is signed in has another address than the one that was invited."""

    code = "identity.other_address_invited"
    status = 409
    message = Text(
        id="Undangan ini untuk alamat e-mail lain. Keluar dulu, lalu masuk dengan alamat yang diundang.",
        en="This invitation is for another e-mail address. Sign out, then sign in with the invited one.",
    )


class PasskeyRefused(PesanError):
    """The passkey's answer does not fit: another's, too late, used before, from another site; never says which."""

    code = "auth.passkey_refused"
    status = 401
    message = Text(
        id="Passkey ini tidak bisa diterima. Coba lagi, atau pakai cara lain.",
        en="This passkey could not be accepted. Try again, or use another way.",
    )


class PasskeysOff(PesanError):
    """Passkeys are bound to the name of the site, and this address has none that they could be bound to."""

    code = "identity.passkeys_off"
    status = 409
    message = Text(
        id="Passkey tidak bisa dipakai di alamat ini.", en="Passkeys cannot be used at this address."
    )


class NoPasskey(PesanError):
    """This account has no passkey."""

    code = "identity.no_passkey"
    status = 409
    message = Text(id="Akun ini belum punya passkey.", en="This account has no passkey yet.")


class UnknownPasskey(PesanError):
    """This person has no passkey of this id."""

    code = "identity.unknown_passkey"
    status = 404
    message = Text(id="Passkey ini sudah tidak ada.", en="This passkey is gone already.")


class TooManyPasskeys(PesanError):
    """This account has as many passkeys as it may."""

    code = "identity.too_many_passkeys"
    status = 409
    message = Text(
        id="Akun ini sudah punya {most} passkey. Hapus dulu yang tidak dipakai.",
        en="This account has {most} passkeys already. Remove one that is not used first.",
    )
