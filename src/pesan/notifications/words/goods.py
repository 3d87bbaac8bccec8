"""The same letters where goods are shopped for and sent: there is no place, no time and no ticket to speak of."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import SEE_STATUS, Words

_ORDER_AGAIN = Text(id="Titip lagi", en="Order again")
_YOUR_ACCOUNT = Text(
    id="Kalau kamu membayar lewat transfer dan {merchant_name} belum tahu nomor rekeningmu, hubungi mereka dan sebutkan"
    " kode pesananmu.",
    en="If you paid by bank transfer and {merchant_name} does not know your account yet, write to them and name your"
    " order's code.",
)

ROWS: Mapping[str, Text] = {
    "event_title": Text(id="Trip", en="Trip"),
    "tickets": Text(id="Titipan", en="Order"),
    "order_code": Text(id="Kode pesanan", en="Order code"),
}
"""What the table of facts calls what it calls otherwise of an event."""

WORDS: Mapping[Kind, Words] = {
    Kind.PROOF_RECEIVED: Words(
        Text(id="Bukti bayarmu sudah kami terima: {event_title}", en="We received your proof: {event_title}"),
        Text(id="Bukti bayarmu sedang diperiksa", en="Your proof is being checked"),
        (
            Text(
                id="Terima kasih. {merchant_name} sedang mencocokkan pembayaranmu. Titipanmu tetap disimpan, dan kami"
                " kabari begitu selesai.",
                en="Thank you. {merchant_name} is checking your payment. Your order is kept meanwhile, and we will"
                " write as soon as it is done.",
            ),
        ),
        SEE_STATUS,
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
                id="{merchant_name} sudah memeriksa buktinya dan belum bisa menerimanya. Alasannya tertulis di bawah.",
                en="{merchant_name} checked your proof and could not accept it. The reason is below.",
            ),
            Text(
                id="Kamu bisa menitip lagi selama barangnya ada. Kalau uangmu sudah terkirim, hubungi {merchant_name}"
                " dan sebutkan kode pesananmu.",
                en="You can order again while there is some left. If your money has already left, write to"
                " {merchant_name} and name your order's code.",
            ),
        ),
        _ORDER_AGAIN,
        rows=("reason",),
        starts_again=True,
    ),
    Kind.EXPIRED: Words(
        Text(id="Waktu bayar sudah habis: {event_title}", en="The time to pay is over: {event_title}"),
        Text(id="Waktu bayar sudah habis", en="The time to pay is over"),
        (
            Text(
                id="Kami belum menerima pembayaranmu, jadi titipanmu dilepas. Tidak ada biaya apa pun.",
                en="We did not receive your payment, so your order was released. Nothing was charged.",
            ),
            Text(
                id="Masih mau? Titip lagi selama barangnya ada.",
                en="Still want it? Order again while there is some left.",
            ),
        ),
        _ORDER_AGAIN,
        starts_again=True,
    ),
    Kind.CANCELLED: Words(
        Text(id="Titipanmu dibatalkan: {event_title}", en="Your order was cancelled: {event_title}"),
        Text(id="Titipanmu dibatalkan", en="Your order was cancelled"),
        (
            Text(
                id="{merchant_name} membatalkan titipanmu. Kalau uangmu sudah terkirim, hubungi mereka dan sebutkan"
                " kode pesananmu.",
                en="{merchant_name} cancelled your order. If your money has already left, write to them and name your"
                " order's code.",
            ),
        ),
        _ORDER_AGAIN,
        starts_again=True,
    ),
    Kind.EVENT_CANCELLED: Words(
        Text(id="Tripnya dibatalkan: {event_title}", en="The trip is cancelled: {event_title}"),
        Text(id="Tripnya dibatalkan", en="The trip is cancelled"),
        (
            Text(
                id="Maaf, {merchant_name} membatalkan trip ini, jadi titipanmu tidak dibelikan.",
                en="We are sorry: {merchant_name} cancelled this trip, so your order is not shopped for.",
            ),
            Text(
                id="Kalau kamu sudah membayar, {merchant_name} akan mengembalikan uangmu. Ada pertanyaan? Hubungi"
                " mereka dan sebutkan kode pesananmu.",
                en="If you have paid, {merchant_name} owes you your money back. Any questions? Write to them and name"
                " your order's code.",
            ),
        ),
        SEE_STATUS,
    ),
    Kind.TAKEN_BACK: Words(
        Text(id="Uangmu akan dikembalikan: {event_title}", en="Your order is being refunded: {event_title}"),
        Text(id="Titipanmu dibatalkan, uangmu dikembalikan", en="Your order is being refunded"),
        (
            Text(
                id="{merchant_name} membatalkan titipanmu, jadi tidak dikirim. Uangmu sebesar {amount} akan"
                " dikembalikan, dan kami kabari begitu sudah dikirim.",
                en="{merchant_name} took your order back, so it is not sent. They will send you {amount} back, and we"
                " will write as soon as it is sent.",
            ),
            _YOUR_ACCOUNT,
        ),
        SEE_STATUS,
        rows=("amount", "reason"),
    ),
    Kind.REFUND_DUE: Words(
        Text(id="Uangmu akan dikembalikan: {event_title}", en="Your money is coming back: {event_title}"),
        Text(id="Uangmu akan dikembalikan", en="Your money is coming back"),
        (
            Text(
                id="{amount} dari uang yang kamu kirim tidak terpakai untuk titipanmu. {merchant_name} akan"
                " mengembalikannya, dan kami kabari begitu sudah dikirim.",
                en="{amount} of the money that you sent was not used for your order. {merchant_name} will send it back,"
                " and we will write as soon as it is sent.",
            ),
            _YOUR_ACCOUNT,
        ),
        SEE_STATUS,
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
        SEE_STATUS,
        rows=("amount", "reference"),
    ),
}
"""What is said otherwise than of an event; each with the facts that the usual letter has."""
