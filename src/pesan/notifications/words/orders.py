"""What buyers are told of their booking and its event."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import BY_CONSENT, SEE_STATUS, Words

_START_AGAIN = Text(id="Pesan lagi", en="Book again")

WORDS: Mapping[Kind, Words] = {
    Kind.PROOF_RECEIVED: Words(
        Text(id="Bukti bayarmu sudah kami terima: {event_title}", en="We received your proof: {event_title}"),
        Text(id="Bukti bayarmu sedang diperiksa", en="Your proof is being checked"),
        (
            Text(
                id="Terima kasih. Panitia sedang mencocokkan pembayaranmu. Tempatmu aman selama diperiksa,"
                " dan kami kabari begitu selesai.",
                en="Thank you. The organizer is checking your payment. Your place is safe meanwhile,"
                " and we will write as soon as it is done.",
            ),
        ),
        SEE_STATUS,
        rows=("amount",),
    ),
    Kind.TICKET_READY: Words(
        Text(id="Tiketmu siap: {event_title}", en="Your ticket is ready: {event_title}"),
        Text(id="Tiketmu siap", en="Your ticket is ready"),
        (
            Text(
                id="Pesananmu sudah selesai. Tiketnya terlampir sebagai PDF ({ticket_count} tiket), bersama"
                " berkas kalender supaya kamu tidak lupa.",
                en="Your booking is complete. Your tickets are attached as a PDF ({ticket_count} in all), with a"
                " calendar file so that you will not forget.",
            ),
            Text(
                id="Di pintu masuk, tunjukkan kode QR dari layar atau hasil cetak.",
                en="At the entrance, show the QR code on a screen or on paper.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        rows=("amount",),
        counts=("ticket_count",),
        chat=(
            Text(
                id="Pesananmu sudah selesai ({ticket_count} tiket). Buka tiketnya lewat tombol di bawah; di pintu"
                " masuk, tunjukkan kode QR dari layar atau hasil cetak.",
                en="Your booking is complete ({ticket_count} in all). Open your tickets by the button below; at the"
                " entrance, show the QR code on a screen or on paper.",
            ),
        ),
    ),
    Kind.REJECTED: Words(
        Text(
            id="Pembayaranmu belum bisa diterima: {event_title}",
            en="We could not accept your payment: {event_title}",
        ),
        Text(id="Pembayaranmu belum bisa diterima", en="We could not accept your payment"),
        (
            Text(
                id="Panitia sudah memeriksa buktinya dan belum bisa menerimanya. Alasannya tertulis di bawah.",
                en="The organizer checked your proof and could not accept it. The reason is below.",
            ),
            Text(
                id="Kamu bisa memesan lagi selama tempat masih ada. Kalau uangmu sudah terkirim,"
                " hubungi {merchant_name} dan sebutkan kode pesananmu.",
                en="You can book again while places are left. If your money has already left,"
                " write to {merchant_name} and name your booking code.",
            ),
        ),
        _START_AGAIN,
        rows=("reason",),
        starts_again=True,
    ),
    Kind.EXPIRED: Words(
        Text(id="Waktu bayar sudah habis: {event_title}", en="The time to pay is over: {event_title}"),
        Text(id="Waktu bayar sudah habis", en="The time to pay is over"),
        (
            Text(
                id="Kami belum menerima pembayaranmu, jadi tempatnya sudah dilepas. Tidak ada biaya apa pun.",
                en="We did not receive your payment, so the place was released. Nothing was charged.",
            ),
            Text(
                id="Masih ingin datang? Pesan lagi selama tempat masih ada.",
                en="Still want to come? Book again while places are left.",
            ),
        ),
        _START_AGAIN,
        starts_again=True,
    ),
    Kind.CANCELLED: Words(
        Text(id="Pesananmu dibatalkan: {event_title}", en="Your booking was cancelled: {event_title}"),
        Text(id="Pesananmu dibatalkan", en="Your booking was cancelled"),
        (
            Text(
                id="{merchant_name} membatalkan pesananmu, jadi tempatnya sudah dilepas. Kalau uangmu sudah terkirim,"
                " balas pesan ini atau hubungi {merchant_name} dan sebutkan kode pesananmu.",
                en="{merchant_name} cancelled your booking, so the place was released. If your money has already left,"
                " answer this message or write to {merchant_name} and name your booking code.",
            ),
        ),
        _START_AGAIN,
        starts_again=True,
        chat=(
            Text(
                id="{merchant_name} membatalkan pesananmu, jadi tempatnya sudah dilepas. Kalau uangmu sudah terkirim,"
                " hubungi {merchant_name} dan sebutkan kode pesananmu.",
                en="{merchant_name} cancelled your booking, so the place was released. If your money has already left,"
                " write to {merchant_name} and name your booking code.",
            ),
        ),
    ),
    Kind.EVENT_CANCELLED: Words(
        Text(id="Acaranya dibatalkan: {event_title}", en="The event is cancelled: {event_title}"),
        Text(id="Acaranya dibatalkan", en="The event is cancelled"),
        (
            Text(
                id="Maaf, {merchant_name} membatalkan acara ini. Pesananmu tidak berlaku lagi, dan tiket yang sudah"
                " kamu punya tidak bisa dipakai masuk.",
                en="We are sorry: {merchant_name} cancelled this event. Your booking no longer counts, and tickets"
                " that you already have will not let anybody in.",
            ),
            Text(
                id="Kalau kamu sudah membayar, {merchant_name} akan mengembalikan uangmu. Ada pertanyaan? Hubungi"
                " mereka dan sebutkan kode pesananmu.",
                en="If you have paid, {merchant_name} owes you your money back. Any questions? Write to them and name"
                " your booking code.",
            ),
        ),
        SEE_STATUS,
    ),
    Kind.EVENT_MOVED: Words(
        Text(id="Waktu acara berubah: {event_title}", en="The event has a new time: {event_title}"),
        Text(id="Waktu acara berubah", en="The event has a new time"),
        (
            Text(
                id="{merchant_name} mengubah waktu acara ini. Waktu barunya ada di bawah; pesananmu tetap berlaku.",
                en="{merchant_name} changed the time of this event. The new time is below; your booking still counts.",
            ),
            Text(
                id="Kalau kamu sudah punya tiket, pakai yang terbaru: terlampir di sini, dan selalu ada di halaman"
                " pesananmu. Kode QR yang lama mungkin tidak bisa dipakai lagi.",
                en="If you already have tickets, please use the latest ones: they are attached, and always on your"
                " booking page. The QR codes of before may no longer work.",
            ),
        ),
        SEE_STATUS,
        chat=(
            Text(
                id="{merchant_name} mengubah waktu acara ini. Waktu barunya ada di bawah; pesananmu tetap berlaku.",
                en="{merchant_name} changed the time of this event. The new time is below; your booking still counts.",
            ),
            Text(
                id="Kalau kamu sudah punya tiket, pakai yang terbaru dari halaman pesananmu. Kode QR yang lama mungkin"
                " tidak bisa dipakai lagi.",
                en="If you already have tickets, please use the latest ones of your booking page. The QR codes of"
                " before may no longer work.",
            ),
        ),
    ),
    Kind.REMINDER: Words(
        Text(id="Sebentar lagi: {event_title}", en="Coming up soon: {event_title}"),
        Text(id="Sampai jumpa sebentar lagi", en="See you soon"),
        (
            Text(
                id="Acara yang kamu pesan mulai {when}. Tiketmu ada di halaman pesananmu; di pintu masuk, tunjukkan"
                " kode QR dari layar atau hasil cetak.",
                en="The event you booked starts {when}. Your tickets are on your booking page; at the entrance, show"
                " the QR code on a screen or on paper.",
            ),
            Text(
                id="Tidak jadi datang? Hubungi {merchant_name} dan sebutkan kode pesananmu.",
                en="Cannot come after all? Write to {merchant_name} and name your booking code.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
    ),
    Kind.FOLLOW_UP: Words(
        Text(id="Terima kasih sudah datang: {event_title}", en="Thank you for coming: {event_title}"),
        Text(id="Terima kasih sudah datang", en="Thank you for coming"),
        (
            Text(
                id="Semoga acaranya menyenangkan. Punya kesan atau saran untuk {merchant_name}? Balas saja surat ini.",
                en="We hope you had a good time. Anything you would like to tell {merchant_name}? Just answer this"
                " letter.",
            ),
            Text(
                id="Sampai jumpa di acara berikutnya.",
                en="See you at the next one.",
            ),
        ),
        SEE_STATUS,
        footer=BY_CONSENT,
        chat=(
            Text(
                id="Semoga acaranya menyenangkan, dan sampai jumpa di acara berikutnya.",
                en="We hope you had a good time. See you at the next one.",
            ),
        ),
    ),
}
