"""Why the embedded server does not start; each says what to do next (runbook: database-will-not-start)."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class EmbeddedServerError(PesanError):
    """The embedded database cannot be used, and nothing was changed."""

    code = "database.unavailable"
    status = 503
    message = Text(
        id="Basis data tidak bisa dijalankan. {detail}",
        en="The database could not be started. {detail}",
    )


class DataMissing(EmbeddedServerError):
    """A database was kept here before, and its files are gone; an empty one is never made in its place."""

    code = "database.data_missing"
    message = Text(
        id="Berkas basis data tidak ada di {path}, padahal dulu ada. Pasang kembali disk-nya atau pulihkan dari "
        "cadangan. Pesan tidak membuat basis data kosong sebagai gantinya.",
        en="The database files are missing from {path}, where they used to be. Mount the disk again or restore a "
        "backup. Pesan does not create an empty database in their place.",
    )


class DataForeign(EmbeddedServerError):
    """The files belong to another database than the one that was kept here."""

    code = "database.data_foreign"
    message = Text(
        id="Berkas di {path} milik basis data lain ({found}, seharusnya {expected}). Periksa disk yang terpasang.",
        en="The files in {path} belong to another database ({found} instead of {expected}). Check which disk is "
        "mounted.",
    )


class DataUnusable(EmbeddedServerError):
    """The data folder holds something that this program's PostgreSQL cannot run."""

    code = "database.data_unusable"
    message = Text(
        id="Folder {path} tidak bisa dipakai: {detail}.",
        en="The folder {path} cannot be used: {detail}.",
    )


class InitialiseRefused(EmbeddedServerError):
    """There is no database yet, and the caller may not make one."""

    code = "database.not_initialised"
    message = Text(
        id="Belum ada basis data di {path}. Periksa PESAN_HOME, lalu jalankan `pesan migrate` untuk membuatnya.",
        en="There is no database in {path} yet. Check PESAN_HOME, then run `pesan migrate` to create one.",
    )


class PasswordLost(EmbeddedServerError):
    """The file with the server's password is missing, or the server refuses what it holds."""

    code = "database.password_lost"
    message = Text(
        id="Basis data menolak kata sandi di {path}. Kembalikan berkas itu dari cadangan, atau ikuti petunjuk "
        "“database-will-not-start”.",
        en="The database refuses the password in {path}. Restore that file from a backup, or follow the runbook "
        "“database-will-not-start”.",
    )


class WrongAccount(EmbeddedServerError):
    """The database folder belongs to another account of this machine."""

    code = "database.wrong_account"
    message = Text(
        id="Folder {path} milik akun {owner}. Jalankan perintah ini sebagai akun itu atau sebagai root.",
        en="The folder {path} belongs to the account {owner}. Run this command as that account or as root.",
    )


class NoServerAccount(EmbeddedServerError):
    """PostgreSQL refuses to run as root, and no other account could be found or made."""

    code = "database.no_account"
    message = Text(
        id="PostgreSQL tidak boleh berjalan sebagai root dan akun {account} tidak bisa dibuat ({detail}). Buat akun "
        "itu, atau jalankan Pesan sebagai pengguna biasa.",
        en="PostgreSQL must not run as root and the account {account} could not be created ({detail}). Create that "
        "account, or run Pesan as an ordinary user.",
    )


class FolderUnreachable(EmbeddedServerError):
    """The account that runs PostgreSQL may not enter the folder."""

    code = "database.folder_unreachable"
    message = Text(
        id="Akun {account} tidak bisa masuk ke {path} ({detail}). Pindahkan PESAN_HOME, misalnya ke /var/lib/pesan.",
        en="The account {account} cannot enter {path} ({detail}). Move PESAN_HOME, for instance to /var/lib/pesan.",
    )


class StartFailed(EmbeddedServerError):
    """PostgreSQL was started and went away again; `detail` ends its own log."""

    code = "database.start_failed"
    message = Text(
        id="PostgreSQL berhenti lagi setelah dijalankan. Catatannya di {path}:\n{detail}",
        en="PostgreSQL stopped again after it was started. Its log in {path} ends:\n{detail}",
    )


class StartTimedOut(EmbeddedServerError):
    """PostgreSQL runs, and did not answer in the time given; it goes on recovering."""

    code = "database.start_timed_out"
    message = Text(
        id="Basis data masih belum menjawab setelah {seconds} detik; ia tetap berjalan. Coba lagi nanti, atau lihat "
        "catatannya di {path}.",
        en="The database has not answered for {seconds} seconds; it is left running. Try again later, or read its "
        "log in {path}.",
    )
