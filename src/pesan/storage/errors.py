"""What storage and uploads refuse, in words that say what to do next."""

from pesan.errors import PesanError
from pesan.kit.i18n import Text


class StorageUnavailable(PesanError):
    """The object store is down, slow or refuses us; nothing was stored."""

    code = "storage.unavailable"
    status = 503
    message = Text(
        id="Berkas belum bisa disimpan atau dibuka sekarang. Coba lagi sebentar lagi.",
        en="Files cannot be stored or opened right now. Please try again in a moment.",
    )


class ObjectMissing(PesanError):
    """There is no object under this key."""

    code = "storage.missing"
    status = 404
    message = Text(id="Berkas ini sudah tidak ada.", en="This file is no longer there.")


class LinkRefused(PesanError):
    """The link to a file is altered, over, or was made for something else."""

    code = "storage.link_refused"
    status = 403
    message = Text(
        id="Tautan berkas ini sudah tidak berlaku. Muat ulang halaman untuk mendapat yang baru.",
        en="This link to a file is no longer valid. Reload the page for a new one.",
    )


class UploadRefused(PesanError):
    """The root of what is wrong with an uploaded file."""

    code = "upload.refused"
    status = 422
    message = Text(
        id="Berkas ini tidak bisa diterima. Kirim foto atau tangkapan layar yang lain.",
        en="This file cannot be accepted. Send another photo or screenshot.",
    )


class UploadTooLarge(UploadRefused):
    """The file has more bytes than the cap; reading stopped there."""

    code = "upload.too_large"
    status = 413
    message = Text(
        id="Berkas ini lebih dari {megabytes} MB. Kirim tangkapan layar atau foto yang lebih kecil.",
        en="This file is over {megabytes} MB. Send a screenshot or a smaller photo.",
    )


class UploadEmpty(UploadRefused):
    """The file has no bytes."""

    code = "upload.empty"
    message = Text(
        id="Berkas ini kosong. Pilih lagi foto atau tangkapan layarnya.",
        en="This file is empty. Choose the photo or screenshot again.",
    )


class UploadNameRefused(UploadRefused):
    """The file's name hides what it is: a second extension, control or bidirectional characters, a path."""

    code = "upload.name_refused"
    message = Text(
        id="Nama berkas ini tidak bisa diterima. Ganti namanya, misalnya bukti.jpg, lalu kirim lagi.",
        en="This file's name cannot be accepted. Rename it, for example to proof.jpg, and send it again.",
    )


class UploadTypeRefused(UploadRefused):
    """The content is of no accepted type, whatever the name or the browser says."""

    code = "upload.type_refused"
    status = 415
    message = Text(
        id="Hanya JPG, PNG, WebP, atau PDF yang bisa diterima. Tangkapan layar juga bisa.",
        en="Only JPG, PNG, WebP or PDF can be accepted. A screenshot works too.",
    )


class UploadIsHeic(UploadTypeRefused):
    """An iPhone photo in Apple's own format."""

    code = "upload.heic"
    message = Text(
        id="Foto HEIC belum bisa diterima. Kirim tangkapan layarnya, atau simpan dulu sebagai JPG.",
        en="HEIC photos cannot be accepted yet. Send a screenshot of it, or save it as JPG first.",
    )


class UploadUnreadable(UploadRefused):
    """The content starts like an accepted type and then cannot be decoded."""

    code = "upload.unreadable"
    message = Text(
        id="Berkas ini rusak atau terpotong. Simpan ulang, atau kirim tangkapan layarnya.",
        en="This file is damaged or cut off. Save it again, or send a screenshot of it.",
    )


class UploadTooManyPixels(UploadRefused):
    """The picture's header declares more pixels than are decoded."""

    code = "upload.too_many_pixels"
    message = Text(
        id="Ukuran gambar ini terlalu besar. Kirim tangkapan layarnya.",
        en="This picture has too many pixels. Send a screenshot of it.",
    )


class UploadAnimated(UploadRefused):
    """The picture moves, so that no single frame is what the sender saw."""

    code = "upload.animated"
    message = Text(
        id="Gambar bergerak tidak bisa diterima. Kirim foto atau tangkapan layar biasa.",
        en="A moving picture cannot be accepted. Send a plain photo or screenshot.",
    )


class UploadTooComplex(UploadRefused):
    """Decoding needed more time or memory than one file gets."""

    code = "upload.too_complex"
    message = Text(
        id="Berkas ini terlalu rumit untuk dibuka. Kirim tangkapan layarnya.",
        en="This file is too complex to open. Send a screenshot of it.",
    )


class PdfLocked(UploadRefused):
    """The PDF is encrypted, so that neither we nor the reviewer can read it."""

    code = "upload.pdf_locked"
    message = Text(
        id="PDF ini terkunci kata sandi. Kirim tangkapan layarnya atau PDF tanpa kata sandi.",
        en="This PDF is locked by a password. Send a screenshot or a PDF without one.",
    )


class PdfActive(UploadRefused):
    """The PDF carries scripts, launches programs or embeds files."""

    code = "upload.pdf_active"
    message = Text(
        id="PDF ini berisi program atau lampiran. Kirim tangkapan layarnya saja.",
        en="This PDF contains a program or attachments. Send a screenshot of it instead.",
    )


class PdfTooLong(UploadRefused):
    """The PDF has more pages than a proof of payment needs."""

    code = "upload.pdf_too_long"
    message = Text(
        id="PDF ini lebih dari {pages} halaman. Kirim halaman buktinya saja.",
        en="This PDF has more than {pages} pages. Send only the page with the proof.",
    )


class InspectionBusy(PesanError):
    """Every inspector is at work, and the wait for one ran out."""

    code = "upload.busy"
    status = 503
    message = Text(
        id="Banyak berkas sedang diperiksa. Coba kirim lagi beberapa detik lagi.",
        en="Many files are being checked. Please send it again in a few seconds.",
    )
