"""What buyers are told of what somebody shops for them."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import SEE_STATUS, Words

_PAY_THE_REST = Text(id="Bayar sisanya", en="Pay the rest")

WORDS: Mapping[Kind, Words] = {
    Kind.ORDER_CONFIRMED: Words(
        Text(id="Titipanmu dikonfirmasi: {event_title}", en="Your order is confirmed: {event_title}"),
        Text(id="Titipanmu dikonfirmasi", en="Your order is confirmed"),
        (
            Text(
                id="Pembayaranmu sudah kami terima. {merchant_name} akan membelikan titipanmu, dan kami kabari begitu"
                " dikirim.",
                en="We received your payment. {merchant_name} will shop for you, and we will write when it is sent.",
            ),
        ),
        SEE_STATUS,
        rows=("amount",),
    ),
    Kind.DEPOSIT_RECEIVED: Words(
        Text(id="Pembayaranmu diterima: {event_title}", en="Your payment was received: {event_title}"),
        Text(id="Pembayaranmu sudah kami terima", en="We received your payment"),
        (
            Text(
                id="{merchant_name} akan membelikan titipanmu. Sudah dibayar {amount}, sisa {balance}; titipanmu"
                " dikirim setelah sisanya dibayar.",
                en="{merchant_name} will shop for you. Paid {amount}, {balance} left; your order is sent once the rest"
                " is paid.",
            ),
        ),
        SEE_STATUS,
        rows=("amount", "balance"),
        pays=_PAY_THE_REST,
    ),
    Kind.BALANCE_REFUSED: Words(
        Text(id="Bukti pelunasanmu belum bisa diterima", en="We could not accept your proof of the balance"),
        Text(id="Bukti pelunasanmu belum bisa diterima", en="We could not accept your proof of the balance"),
        (
            Text(
                id="{merchant_name} sudah memeriksa buktinya dan belum bisa menerimanya. Alasannya tertulis di bawah."
                " Titipanmu tetap jalan; kirim bukti yang lain.",
                en="{merchant_name} checked your proof and could not accept it. The reason is below. Your order goes"
                " on; please send another proof.",
            ),
        ),
        SEE_STATUS,
        rows=("balance", "reason"),
        pays=_PAY_THE_REST,
    ),
    Kind.PARCEL_SENT: Words(
        Text(id="Titipanmu dikirim: {event_title}", en="Your order is on its way: {event_title}"),
        Text(id="Titipanmu dikirim", en="Your order is on its way"),
        (
            Text(
                id="Titipanmu dari {merchant_name} sudah dikirim. Nomor resinya ada di halaman pesananmu.",
                en="Your order from {merchant_name} was sent. The tracking number is on your order's page.",
            ),
        ),
        SEE_STATUS,
    ),
}
