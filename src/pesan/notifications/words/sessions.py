"""What buyers are told of a session at a booth."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import SEE_STATUS, Words

WORDS: Mapping[Kind, Words] = {
    Kind.SESSION_READY: Words(
        Text(id="Sesimu siap: {event_title}", en="Your session is booked: {event_title}"),
        Text(id="Sesimu siap", en="Your session is booked"),
        (
            Text(
                id="Pembayaranmu sudah kami terima. Sampai jumpa {when}.",
                en="We received your payment. See you {when}.",
            ),
            Text(
                id="Begitu sampai, pindai kode QR di halaman pesananmu pada layar booth. Datang tepat waktu, ya: sesi"
                " yang terlambat terlalu lama akan hangus.",
                en="When you arrive, scan the QR code on your booking page at the booth's screen. Please be on time:"
                " a session that is missed is forfeited.",
            ),
        ),
        Text(id="Buka kode QR", en="Open the QR code"),
        rows=("amount",),
    ),
    Kind.SESSION_MOVED: Words(
        Text(id="Waktu sesimu berubah: {event_title}", en="Your session has a new time: {event_title}"),
        Text(id="Waktu sesimu berubah", en="Your session has a new time"),
        (
            Text(
                id="Sesimu sekarang {when}. Kode QR di halaman pesananmu tetap sama.",
                en="Your session is now {when}. The QR code on your booking page stays the same.",
            ),
        ),
        SEE_STATUS,
    ),
    Kind.SESSION_REMINDER: Words(
        Text(id="Sebentar lagi: {event_title}", en="Coming up soon: {event_title}"),
        Text(id="Sesimu sebentar lagi", en="Your session is coming up"),
        (
            Text(
                id="Sesimu mulai {when}. Kode QR untuk dipindai saat tiba ada di halaman pesananmu.",
                en="Your session starts {when}. The QR code to scan when you arrive is on your booking page.",
            ),
            Text(
                id="Tidak bisa datang tepat waktu? Ganti waktunya di halaman pesanan selama masih bisa, atau hubungi"
                " {merchant_name} dan sebutkan kode pesananmu.",
                en="Cannot come on time? Choose another time on the booking page while you still can, or write to"
                " {merchant_name} and name your booking code.",
            ),
        ),
        Text(id="Buka kode QR", en="Open the QR code"),
    ),
}
