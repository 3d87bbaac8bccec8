"""The templates about goods that somebody shops for and sends, in place of those about places at an event."""

from pesan.chats.templates import ChatTemplate
from pesan.kit.i18n import Text

GOODS = "goods_"
"""How the key of each begins; the kind of the letter follows."""
_SEE = Text(id="Lihat pesanan", en="See the order")
_AGAIN = Text(id="Titip lagi", en="Order again")

TEMPLATES = (
    ChatTemplate(
        f"{GOODS}proof_received",
        Text(
            id="Halo {buyer_name}, bukti bayarmu untuk {event_title} sudah kami terima dan sedang diperiksa. Titipanmu"
            " tetap disimpan, dan kami kabari begitu selesai. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, we received your proof of payment for {event_title} and are checking it. Your"
            " order is kept meanwhile, and we will write as soon as it is done. Your order code is {order_code},"
            " please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        f"{GOODS}rejected",
        Text(
            id="Halo {buyer_name}, pembayaranmu untuk {event_title} belum bisa diterima. Alasannya: {reason}. Kamu"
            " bisa menitip lagi selama barangnya ada. Kalau uangmu sudah terkirim, sebutkan kode {order_code}"
            " kepada {merchant_name} supaya bisa dicek.",
            en="Hello {buyer_name}, your payment for {event_title} could not be accepted. The reason: {reason}. You"
            " can order again while there is some left. If your money has already left, give the code {order_code} to"
            " {merchant_name} so that they can look.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        f"{GOODS}expired",
        Text(
            id="Halo {buyer_name}, waktu bayar titipanmu dari {event_title} sudah habis, jadi titipannya dilepas. Tidak"
            " ada biaya apa pun. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, the time to pay for your order of {event_title} is over, so it was released."
            " Nothing was charged. Your order code is {order_code}, please keep it.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        f"{GOODS}cancelled",
        Text(
            id="Halo {buyer_name}, titipanmu dari {event_title} dibatalkan oleh {merchant_name}. Kalau uangmu sudah"
            " terkirim, hubungi mereka dan sebutkan kode {order_code} supaya bisa dicek.",
            en="Hello {buyer_name}, your order of {event_title} was cancelled by {merchant_name}. If your money has"
            " already left, write to them and name the code {order_code} so that they can look.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        f"{GOODS}event_cancelled",
        Text(
            id="Halo {buyer_name}, maaf, {event_title} dibatalkan oleh {merchant_name}, jadi titipanmu tidak dibelikan."
            " Kalau kamu sudah membayar, uangmu dikembalikan. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, we are sorry: {event_title} was cancelled by {merchant_name}, so your order is not"
            " shopped for. If you have paid, your money comes back. Your order code is {order_code}, please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        f"{GOODS}taken_back",
        Text(
            id="Halo {buyer_name}, titipanmu dari {event_title} dibatalkan oleh {merchant_name}, jadi tidak dikirim."
            " Uangmu sebesar {amount} akan dikembalikan. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, your order of {event_title} was taken back by {merchant_name}, so it is not sent."
            " You will get {amount} back. Your order code is {order_code}, please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        f"{GOODS}refund_due",
        Text(
            id="Halo {buyer_name}, {amount} dari uang yang kamu kirim tidak terpakai untuk titipanmu dari {event_title}"
            " (kode pesanan {order_code}). Uang itu akan dikembalikan oleh {merchant_name}, dan kami kabari begitu"
            " sudah dikirim.",
            en="Hello {buyer_name}, {amount} of the money that you sent was not used for your order of {event_title}"
            " (order code {order_code}). You will get it back from {merchant_name}, and we will write as soon as it is"
            " sent.",
        ),
        _SEE,
    ),
    ChatTemplate(
        f"{GOODS}refunded",
        Text(
            id="Halo {buyer_name}, uangmu sebesar {amount} untuk titipan {order_code} ({event_title}) sudah dikirim"
            " oleh {merchant_name}. Transfer antarbank bisa butuh beberapa jam.",
            en="Hello {buyer_name}, your {amount} for order {order_code} ({event_title}) was sent back by"
            " {merchant_name}. A transfer between banks can take a few hours.",
        ),
        _SEE,
    ),
)
