"""The sentences of every notification, in Indonesian and English."""

from collections.abc import Mapping
from dataclasses import dataclass

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind


@dataclass(frozen=True, slots=True)
class Words:
    """One kind: its subject, heading, paragraphs, the one thing to do next, and the facts it needs beside the usual."""

    subject: Text
    heading: Text
    paragraphs: tuple[Text, ...]
    button: Text
    rows: tuple[str, ...] = ()
    starts_again: bool = False


GREETING = Text(id="Halo {buyer_name},", en="Hello {buyer_name},")
CLOSING = Text(id="Salam,\n{merchant_name}", en="Best wishes,\n{merchant_name}")
FOOTER = Text(
    id="Pesan ini dikirim otomatis karena kamu memesan di {merchant_name}. Kode pesananmu {order_code}.",
    en="You receive this message because you booked with {merchant_name}. Your booking code is {order_code}.",
)
KEEP_SECRET = Text(
    id="Siapa pun yang punya tautan ini bisa membuka pesananmu, jadi jangan dibagikan.",
    en="Anybody who has this link can open your booking, so please keep it to yourself.",
)

ROWS: Mapping[str, Text] = {
    "event_title": Text(id="Acara", en="Event"),
    "when": Text(id="Waktu", en="When"),
    "where": Text(id="Tempat", en="Where"),
    "order_code": Text(id="Kode pesanan", en="Booking code"),
    "amount": Text(id="Jumlah", en="Amount"),
    "deadline": Text(id="Bayar sebelum", en="Pay before"),
    "reason": Text(id="Alasan", en="Reason"),
}
"""What the table of facts calls each fact; empty facts are left out."""

USUAL_ROWS = ("event_title", "when", "where", "order_code")

_SEE_STATUS = Text(id="Lihat pesanan", en="See the booking")
_START_AGAIN = Text(id="Pesan lagi", en="Book again")

WORDS: Mapping[Kind, Words] = {
    Kind.HOLD_PLACED: Words(
        Text(id="Tempatmu kami tahan: {event_title}", en="We are holding your place: {event_title}"),
        Text(id="Tempatmu kami tahan", en="We are holding your place"),
        (
            Text(
                id="Selesaikan pembayaran sebelum {deadline}. Setelah itu tempatnya dilepas untuk orang lain.",
                en="Please pay before {deadline}. After that the place is released for somebody else.",
            ),
        ),
        Text(id="Bayar sekarang", en="Pay now"),
        rows=("amount", "deadline"),
    ),
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
                id="Pembayaranmu sudah kami terima. Tiketnya terlampir sebagai PDF ({ticket_count} tiket), bersama"
                " berkas kalender supaya kamu tidak lupa.",
                en="We received your payment. Your tickets are attached as a PDF ({ticket_count} in all), with a"
                " calendar file so that you will not forget.",
            ),
            Text(
                id="Di pintu masuk, tunjukkan kode QR dari layar atau hasil cetak.",
                en="At the entrance, show the QR code on a screen or on paper.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        rows=("amount",),
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
}
