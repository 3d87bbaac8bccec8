"""What buyers are told of money that comes back."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import SEE_STATUS, Words

YOUR_ACCOUNT = Text(
    id="Kalau kamu membayar lewat transfer dan {merchant_name} belum tahu nomor rekeningmu, hubungi mereka dan sebutkan"
    " kode pesananmu.",
    en="If you paid by bank transfer and {merchant_name} does not know your account yet, write to them and name your"
    " booking code.",
)

WORDS: Mapping[Kind, Words] = {
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
            YOUR_ACCOUNT,
        ),
        SEE_STATUS,
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
        SEE_STATUS,
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
            YOUR_ACCOUNT,
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
