"""The sentences of every notification, in Indonesian and English."""

from collections.abc import Mapping
from dataclasses import dataclass

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind

GREETING = Text(id="Halo {buyer_name},", en="Hello {buyer_name},")
CLOSING = Text(id="Salam,\n{merchant_name}", en="Best wishes,\n{merchant_name}")
FOOTER = Text(
    id="Pesan ini dikirim otomatis karena kamu memesan di {merchant_name}. Kode pesananmu {order_code}.",
    en="You receive this message because you booked with {merchant_name}. Your booking code is {order_code}.",
)
BY_CONSENT = Text(
    id="Kamu menerima surat ini karena setuju dikabari {merchant_name}. Persetujuan itu bisa kamu cabut kapan saja di"
    " halaman pesanan {order_code}.",
    en="You receive this letter because you agreed to hear from {merchant_name}. You can withdraw that at any time on"
    " the page of booking {order_code}.",
)
"""Of what is not about the booking itself, and goes only to whoever agreed to it."""
KEEP_SECRET = Text(
    id="Siapa pun yang punya tautan ini bisa membuka pesananmu, jadi jangan dibagikan.",
    en="Anybody who has this link can open your booking, so please keep it to yourself.",
)


@dataclass(frozen=True, slots=True)
class Words:
    """One kind: its subject, heading, paragraphs, the one thing to do next, and the facts it needs beside the usual.

    `rows` stand in the table of facts, too; `counts` only in sentences.
    """

    subject: Text
    heading: Text
    paragraphs: tuple[Text, ...]
    button: Text
    rows: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    footer: Text = FOOTER
    starts_again: bool = False
    keep_secret: Text | None = KEEP_SECRET


ROWS: Mapping[str, Text] = {
    "event_title": Text(id="Acara", en="Event"),
    "when": Text(id="Waktu", en="When"),
    "where": Text(id="Tempat", en="Where"),
    "tickets": Text(id="Tiket", en="Tickets"),
    "order_code": Text(id="Kode pesanan", en="Booking code"),
    "amount": Text(id="Jumlah", en="Amount"),
    "reason": Text(id="Alasan", en="Reason"),
    "reference": Text(id="Referensi transfer", en="Transfer reference"),
}
"""What the table of facts calls each fact; empty facts are left out."""

USUAL_ROWS = ("event_title", "when", "where", "tickets", "order_code")

_KEEP_TICKET_SECRET = Text(
    id="Siapa pun yang punya tautan ini bisa memakai tiketmu, jadi jangan dibagikan.",
    en="Anybody who has this link can use your ticket, so please keep it to yourself.",
)
_HOLDERS_FOOTER = Text(
    id="Pesan ini dikirim otomatis karena seseorang menyerahkan tiket acara {merchant_name} kepadamu.",
    en="You receive this message because somebody handed a ticket of {merchant_name} on to you.",
)
_SEE_STATUS = Text(id="Lihat pesanan", en="See the booking")
_START_AGAIN = Text(id="Pesan lagi", en="Book again")
_YOUR_ACCOUNT = Text(
    id="Kalau kamu membayar lewat transfer dan {merchant_name} belum tahu nomor rekeningmu, hubungi mereka dan sebutkan"
    " kode pesananmu.",
    en="If you paid by bank transfer and {merchant_name} does not know your account yet, write to them and name your"
    " booking code.",
)

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
        _SEE_STATUS,
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
        _SEE_STATUS,
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
        _SEE_STATUS,
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
        _SEE_STATUS,
        footer=BY_CONSENT,
    ),
    Kind.TAKEN_BACK: Words(
        Text(
            id="Uangmu akan dikembalikan: {event_title}", en="Your booking is being refunded: {event_title}"
        ),
        Text(id="Pesananmu dibatalkan, uangmu dikembalikan", en="Your booking is being refunded"),
        (
            Text(
                id="{merchant_name} membatalkan pesananmu, jadi tiketnya tidak bisa dipakai lagi. Uangmu sebesar"
                " {amount} akan dikembalikan, dan kami kabari begitu sudah dikirim.",
                en="{merchant_name} took your booking back, so its tickets will not let anybody in. They will send"
                " you {amount} back, and we will write as soon as it is sent.",
            ),
            _YOUR_ACCOUNT,
        ),
        _SEE_STATUS,
        rows=("amount", "reason"),
    ),
    Kind.TICKETS_REFUNDED: Words(
        Text(
            id="Sebagian tiketmu dikembalikan: {event_title}",
            en="Some of your tickets are refunded: {event_title}",
        ),
        Text(id="Sebagian tiketmu dikembalikan", en="Some of your tickets are being refunded"),
        (
            Text(
                id="{merchant_name} mengembalikan sebagian tiket pesananmu. Tiket itu tidak bisa dipakai lagi; yang"
                " lain tetap berlaku, dan daftarnya ada di halaman pesananmu.",
                en="{merchant_name} is refunding some of the tickets of your booking. Those will not let anybody in;"
                " the others still count, and your booking page lists them.",
            ),
            Text(
                id="Uangmu sebesar {amount} akan dikembalikan, dan kami kabari begitu sudah dikirim.",
                en="You will get {amount} back, and we will write as soon as it is sent.",
            ),
        ),
        _SEE_STATUS,
        rows=("amount", "reason"),
    ),
    Kind.REFUND_DUE: Words(
        Text(id="Uangmu akan dikembalikan: {event_title}", en="Your money is coming back: {event_title}"),
        Text(id="Uangmu akan dikembalikan", en="Your money is coming back"),
        (
            Text(
                id="Uang yang kamu kirim tidak terpakai untuk pesanan ini. {merchant_name} akan mengembalikan"
                " {amount}, dan kami kabari begitu sudah dikirim.",
                en="The money that you sent was not used for this booking. {merchant_name} will send {amount}"
                " back, and we will write as soon as it is sent.",
            ),
            _YOUR_ACCOUNT,
        ),
        _SEE_STATUS,
        rows=("amount",),
    ),
    Kind.REFUNDED: Words(
        Text(id="Uangmu sudah dikirim kembali: {event_title}", en="Your money was sent back: {event_title}"),
        Text(id="Uangmu sudah dikirim kembali", en="Your money was sent back"),
        (
            Text(
                id="{merchant_name} sudah mengirim {amount} kepadamu. Transfer antarbank bisa butuh beberapa jam"
                " sampai terlihat di rekeningmu.",
                en="{merchant_name} has sent you {amount}. A transfer between banks can take a few hours to show in"
                " your account.",
            ),
            Text(
                id="Belum masuk juga? Hubungi {merchant_name} dan sebutkan referensi di bawah.",
                en="Not there yet? Write to {merchant_name} and name the reference below.",
            ),
        ),
        _SEE_STATUS,
        rows=("amount", "reference"),
    ),
    Kind.TICKET_RECEIVED: Words(
        Text(id="Ada tiket untukmu: {event_title}", en="You have a ticket: {event_title}"),
        Text(id="Ada tiket untukmu", en="You have a ticket"),
        (
            Text(
                id="{other_name} menyerahkan tiketnya kepadamu. Tiketnya terlampir sebagai PDF, bersama berkas"
                " kalender supaya kamu tidak lupa.",
                en="{other_name} handed a ticket on to you. It is attached as a PDF, with a calendar file so that you"
                " will not forget.",
            ),
            Text(
                id="Di pintu masuk, buka tautan di bawah dan tunjukkan kode QR-nya. Kode milik {other_name} sudah"
                " tidak berlaku.",
                en="At the entrance, open the link below and show its QR code. The code that {other_name} had is"
                " void.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        counts=("other_name",),
        keep_secret=_KEEP_TICKET_SECRET,
        footer=_HOLDERS_FOOTER,
    ),
    Kind.TICKET_MOVED: Words(
        Text(id="Waktu acara berubah: {event_title}", en="The event has a new time: {event_title}"),
        Text(id="Waktu acara berubah", en="The event has a new time"),
        (
            Text(
                id="{merchant_name} mengubah waktu acara ini. Waktu barunya ada di bawah; tiketmu tetap berlaku.",
                en="{merchant_name} changed the time of this event. The new time is below; your ticket still counts.",
            ),
            Text(
                id="Pakai tiket yang terbaru: terlampir di sini, dan selalu ada di tautan di bawah. Kode QR yang lama"
                " mungkin tidak bisa dipakai lagi.",
                en="Please use the latest ticket: it is attached, and always behind the link below. The QR code of"
                " before may no longer work.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        keep_secret=_KEEP_TICKET_SECRET,
        footer=_HOLDERS_FOOTER,
    ),
    Kind.TICKET_CANCELLED: Words(
        Text(id="Acaranya dibatalkan: {event_title}", en="The event is cancelled: {event_title}"),
        Text(id="Acaranya dibatalkan", en="The event is cancelled"),
        (
            Text(
                id="Maaf, {merchant_name} membatalkan acara ini. Tiketmu tidak bisa dipakai masuk lagi.",
                en="We are sorry: {merchant_name} cancelled this event. Your ticket will not let anybody in any more.",
            ),
            Text(
                id="Uang yang sudah dibayar kembali kepada pemesannya, yaitu {other_name}.",
                en="Money that was paid goes back to whoever booked, {other_name}.",
            ),
        ),
        Text(id="Lihat acara", en="See the event"),
        counts=("other_name",),
        keep_secret=None,
        footer=_HOLDERS_FOOTER,
    ),
    Kind.TICKET_HANDED_ON: Words(
        Text(id="Tiket diserahkan: {event_title}", en="A ticket was handed on: {event_title}"),
        Text(id="Tiketnya sudah diserahkan", en="The ticket was handed on"),
        (
            Text(
                id="Tiket ini sekarang milik {other_name}. Kode QR, tautan dan PDF yang lama langsung tidak berlaku.",
                en="This ticket now belongs to {other_name}. The QR code, link and PDF of before are void at once.",
            ),
            Text(
                id="Bukan maumu? Segera hubungi {merchant_name}.",
                en="Not what you wanted? Write to {merchant_name} at once.",
            ),
        ),
        Text(id="Lihat acara", en="See the event"),
        counts=("other_name",),
        keep_secret=None,
        footer=Text(
            id="Pesan ini dikirim otomatis karena kamu memegang tiket acara {merchant_name}.",
            en="You receive this message because you held a ticket of {merchant_name}.",
        ),
    ),
}
