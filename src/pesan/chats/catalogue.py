"""Every template of the house: one for each kind of letter, and those of trips."""

from collections.abc import Mapping

from pesan.chats import goods
from pesan.chats.states import Category
from pesan.chats.templates import ChatTemplate
from pesan.kit.i18n import Text

PRODUCT_ANNOUNCEMENT = "product_announcement"
BROADCAST = "broadcast"
PROOF_NOTICE = "proof_notice"
BALANCE_NOTICE = "balance_notice"

_SEE = Text(id="Lihat pesanan", en="See the booking")
_AGAIN = Text(id="Pesan lagi", en="Book again")
_TICKET = Text(id="Buka tiket", en="Open the ticket")
_PAY = Text(id="Bayar sisanya", en="Pay the rest")
_CODE = Text(id="Buka kode QR", en="Open the QR code")

_ORDERS = (
    ChatTemplate(
        "proof_received",
        Text(
            id="Halo {buyer_name}, bukti bayarmu untuk {event_title} sudah kami terima dan sedang diperiksa. Tempatmu"
            " aman selama itu, dan kami kabari begitu selesai. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, we received your proof of payment for {event_title} and are checking it. Your"
            " place is safe meanwhile, and we will write as soon as it is done. Your booking code is {order_code},"
            " please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "ticket_ready",
        Text(
            id="Halo {buyer_name}, tiketmu untuk {event_title} sudah siap. Waktunya {when}. Kode pesanan:"
            " {order_code}. Di pintu masuk, tunjukkan kode QR dari layar atau hasil cetak.",
            en="Hello {buyer_name}, your tickets for {event_title} are ready. It takes place {when}. Booking code:"
            " {order_code}. At the entrance, show the QR code on a screen or on paper.",
        ),
        _TICKET,
    ),
    ChatTemplate(
        "rejected",
        Text(
            id="Halo {buyer_name}, pembayaranmu untuk {event_title} belum bisa diterima. Alasannya: {reason}. Kamu"
            " bisa memesan lagi selama tempat masih ada. Kalau uangmu sudah terkirim, sebutkan kode {order_code}"
            " kepada {merchant_name} supaya bisa dicek.",
            en="Hello {buyer_name}, your payment for {event_title} could not be accepted. The reason: {reason}. You"
            " can book again while places are left. If your money has already left, give the code {order_code} to"
            " {merchant_name} so that they can look.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        "expired",
        Text(
            id="Halo {buyer_name}, waktu bayar untuk {event_title} sudah habis, jadi tempatnya sudah dilepas. Tidak"
            " ada biaya apa pun. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, the time to pay for {event_title} is over, so the place was released. Nothing was"
            " charged. Your booking code is {order_code}, please keep it.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        "cancelled",
        Text(
            id="Halo {buyer_name}, {merchant_name} membatalkan pesananmu untuk {event_title}. Kalau uangmu sudah"
            " terkirim, sebutkan kode {order_code} kepada mereka supaya bisa dicek.",
            en="Hello {buyer_name}, your booking for {event_title} was cancelled by {merchant_name}. If your money has"
            " already left, give them the code {order_code} so that they can look.",
        ),
        _AGAIN,
    ),
    ChatTemplate(
        "event_cancelled",
        Text(
            id="Halo {buyer_name}, maaf, {event_title} dibatalkan oleh {merchant_name}. Pesanan {order_code} tidak"
            " berlaku lagi. Kalau kamu sudah membayar, uangmu akan dikembalikan.",
            en="Hello {buyer_name}, we are sorry: {event_title} was cancelled by {merchant_name}. Booking {order_code}"
            " no longer counts. If you have paid, your money is owed back to you.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "event_moved",
        Text(
            id="Halo {buyer_name}, waktu {event_title} berubah menjadi {when}. Pesanan {order_code} tetap berlaku."
            " Pakai tiket terbaru dari halaman pesananmu, karena kode QR yang lama mungkin tidak bisa dipakai lagi.",
            en="Hello {buyer_name}, the new time of {event_title} is {when}. Booking {order_code} still counts. Please"
            " use the latest tickets of your booking page, because older QR codes may no longer work.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "reminder",
        Text(
            id="Halo {buyer_name}, {event_title} mulai {when}. Tiketmu ada di halaman pesanan {order_code}; di pintu"
            " masuk, tunjukkan kode QR-nya.",
            en="Hello {buyer_name}, {event_title} starts {when}. Your tickets are on the page of booking {order_code};"
            " at the entrance, show the QR code.",
        ),
        _TICKET,
    ),
    ChatTemplate(
        "follow_up",
        Text(
            id="Halo {buyer_name}, terima kasih sudah datang ke {event_title}. Semoga acaranya menyenangkan, dan"
            " sampai jumpa lagi di acara {merchant_name} berikutnya.",
            en="Hello {buyer_name}, thank you for coming to {event_title}. We hope you had a good time, and to see you"
            " at the next event of {merchant_name} soon.",
        ),
        _SEE,
        # It goes to whoever agreed to hear more, and WhatsApp takes it for advertising.
        category=Category.MARKETING,
    ),
)
_SESSIONS = (
    ChatTemplate(
        "session_ready",
        Text(
            id="Halo {buyer_name}, sesimu di {event_title} sudah dipesan: {when}. Kode pesanan: {order_code}. Begitu"
            " sampai, pindai kode QR di halaman pesananmu pada layar booth. Datang tepat waktu, ya.",
            en="Hello {buyer_name}, your session at {event_title} is booked: {when}. Booking code: {order_code}. When"
            " you arrive, scan the QR code of your booking page at the booth's screen. Please be on time.",
        ),
        _CODE,
    ),
    ChatTemplate(
        "session_moved",
        Text(
            id="Halo {buyer_name}, sesimu di {event_title} sekarang {when}. Kode QR di halaman pesanan {order_code}"
            " tetap sama.",
            en="Hello {buyer_name}, your session at {event_title} is now {when}. The QR code on the page of booking"
            " {order_code} stays the same.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "session_reminder",
        Text(
            id="Halo {buyer_name}, sesimu di {event_title} mulai {when}. Kode QR untuk dipindai saat tiba ada di"
            " halaman pesanan {order_code}. Tidak bisa datang tepat waktu? Hubungi {merchant_name} sekarang juga.",
            en="Hello {buyer_name}, your session at {event_title} starts {when}. The QR code to scan when you arrive"
            " is on the page of booking {order_code}. Cannot come on time? Write to {merchant_name} right away.",
        ),
        _CODE,
    ),
)
_PARCELS = (
    ChatTemplate(
        "order_confirmed",
        Text(
            id="Halo {buyer_name}, pembayaranmu untuk {event_title} sudah kami terima. Titipanmu akan dibelikan oleh"
            " {merchant_name}, dan kami kabari begitu dikirim. Kode pesananmu {order_code}, simpan baik-baik.",
            en="Hello {buyer_name}, we received your payment for {event_title}. Your order will be shopped by"
            " {merchant_name}, and we will write when it is sent. Your order code is {order_code}, please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "deposit_received",
        Text(
            id="Halo {buyer_name}, uang mukamu untuk {event_title} sudah kami terima. Titipanmu akan dibelikan oleh"
            " {merchant_name}. Sisanya {balance}, dan titipanmu dikirim setelah itu dibayar. Kode pesananmu"
            " {order_code}; bayar lewat tombol di bawah.",
            en="Hello {buyer_name}, we received your deposit for {event_title}. Your order will be shopped by"
            " {merchant_name}. {balance} is still to pay, and your order is sent after that. Your order code is"
            " {order_code}; pay by the button below.",
        ),
        _PAY,
    ),
    ChatTemplate(
        "balance_refused",
        Text(
            id="Halo {buyer_name}, bukti pelunasanmu untuk {event_title} belum bisa diterima. Alasannya: {reason}."
            " Titipanmu tetap jalan. Sisanya {balance}; kirim bukti yang lain untuk pesanan {order_code} lewat tombol"
            " di bawah.",
            en="Hello {buyer_name}, your proof of the balance for {event_title} could not be accepted. The reason:"
            " {reason}. Your order goes on. {balance} is still to pay; send another proof for order {order_code} by"
            " the button below.",
        ),
        _PAY,
    ),
    ChatTemplate(
        "parcel_sent",
        Text(
            id="Halo {buyer_name}, titipanmu dari {event_title} sudah dikirim oleh {merchant_name}. Nomor resinya ada"
            " di halaman pesanan {order_code}, lewat tombol di bawah.",
            en="Hello {buyer_name}, your order of {event_title} was sent by {merchant_name}. The tracking number is on"
            " the page of order {order_code}, by the button below.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "price_proposal",
        Text(
            id="Halo {buyer_name}, harga {item} di toko ternyata lain: {price} per buah. Pesananmu {order_code} di"
            " {event_title} berubah {difference} kalau kamu setuju. Jawab lewat tombol di bawah; selama belum dijawab,"
            " harga yang lama tetap berlaku.",
            en="Hello {buyer_name}, the price of {item} in the shop is another one: {price} each. Your order"
            " {order_code} of {event_title} would change by {difference} if you agree. Please answer by the button"
            " below; until you do, the old price counts.",
        ),
        Text(id="Lihat dan jawab", en="See and answer"),
    ),
)
_MONEY = (
    ChatTemplate(
        "taken_back",
        Text(
            id="Halo {buyer_name}, pesananmu untuk {event_title} dibatalkan oleh {merchant_name}, jadi tiketnya tidak"
            " bisa dipakai lagi. Uangmu sebesar {amount} akan dikembalikan. Kode pesananmu {order_code}, simpan"
            " baik-baik.",
            en="Hello {buyer_name}, your booking for {event_title} was taken back by {merchant_name}, so its tickets"
            " will not let anybody in. You will get {amount} back. Your booking code is {order_code}, please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "tickets_refunded",
        Text(
            id="Halo {buyer_name}, sebagian tiketmu untuk {event_title} dikembalikan dan tidak bisa dipakai lagi. Yang"
            " lain tetap berlaku. Uangmu sebesar {amount} akan dikembalikan. Kode pesananmu {order_code}, simpan"
            " baik-baik.",
            en="Hello {buyer_name}, some of your tickets for {event_title} are refunded and will not let anybody in."
            " The others still count. You will get {amount} back. Your booking code is {order_code}, please keep it.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "refund_due",
        Text(
            id="Halo {buyer_name}, uang yang kamu kirim tidak terpakai untuk pesanan {order_code} ({event_title})."
            " Uangmu sebesar {amount} akan dikembalikan oleh {merchant_name}, dan kami kabari begitu sudah dikirim.",
            en="Hello {buyer_name}, the money that you sent was not used for booking {order_code} ({event_title}). You"
            " will get {amount} back from {merchant_name}, and we will write as soon as it is sent.",
        ),
        _SEE,
    ),
    ChatTemplate(
        "refunded",
        Text(
            id="Halo {buyer_name}, uangmu sebesar {amount} untuk pesanan {order_code} ({event_title}) sudah dikirim"
            " oleh {merchant_name}. Transfer antarbank bisa butuh beberapa jam.",
            en="Hello {buyer_name}, your {amount} for booking {order_code} ({event_title}) was sent back by"
            " {merchant_name}. A transfer between banks can take a few hours.",
        ),
        _SEE,
    ),
)
_HOLDERS = (
    ChatTemplate(
        "ticket_received",
        Text(
            id="Halo {buyer_name}, kamu mendapat tiket {event_title} dari {other_name}. Waktunya {when}. Siapa pun"
            " yang punya tautannya bisa memakai tiketmu, jadi jangan dibagikan.",
            en="Hello {buyer_name}, you have a ticket for {event_title} from {other_name}. It takes place {when}."
            " Anybody who has the link can use your ticket, so please keep it to yourself.",
        ),
        _TICKET,
    ),
    ChatTemplate(
        "ticket_handed_on",
        Text(
            id="Halo {buyer_name}, tiketmu untuk {event_title} sekarang milik {other_name}. Kode QR yang kamu punya"
            " tidak bisa dipakai lagi.",
            en="Hello {buyer_name}, your ticket for {event_title} now belongs to {other_name}. The QR code that you"
            " have will no longer let anybody in.",
        ),
        Text(id="Lihat acara", en="See the event"),
    ),
    ChatTemplate(
        "ticket_moved",
        Text(
            id="Halo {buyer_name}, waktu {event_title} berubah menjadi {when}. Tiketmu tetap berlaku; pakai yang"
            " terbaru dari tautan di bawah.",
            en="Hello {buyer_name}, the new time of {event_title} is {when}. Your ticket still counts; please use the"
            " latest one behind the link below.",
        ),
        _TICKET,
    ),
    ChatTemplate(
        "ticket_cancelled",
        Text(
            id="Halo {buyer_name}, maaf, {event_title} dibatalkan oleh {merchant_name}. Tiketmu tidak bisa dipakai"
            " masuk lagi.",
            en="Hello {buyer_name}, we are sorry: {event_title} was cancelled by {merchant_name}. Your ticket will not"
            " let anybody in any more.",
        ),
        Text(id="Lihat acara", en="See the event"),
    ),
)
_TRIPS = (
    ChatTemplate(
        PRODUCT_ANNOUNCEMENT,
        Text(
            id="Halo {buyer_name}, ada produk baru di {trip_title}: {product_title}, {price}. Titip lewat tombol di"
            " bawah. Tidak mau dikabari lagi? Balas STOP.",
            en="Hello {buyer_name}, there is something new on {trip_title}: {product_title}, {price}. Order by the"
            " button below. Want no more news? Answer STOP.",
        ),
        Text(id="Lihat produk", en="See the product"),
        category=Category.MARKETING,
    ),
    ChatTemplate(
        BROADCAST,
        Text(
            id="Halo {buyer_name}, ada kabar dari {trip_title}: {text}. Tidak mau dikabari lagi? Balas STOP.",
            en="Hello {buyer_name}, here is news of {trip_title}: {text}. Want no more news? Answer STOP.",
        ),
        Text(id="Lihat trip", en="See the trip"),
        category=Category.MARKETING,
    ),
    ChatTemplate(
        PROOF_NOTICE,
        Text(
            id="Bukti bayar baru dari {buyer_name} untuk {trip_title}, pesanan {order_code} sebesar {amount}. Periksa"
            " lewat tombol di bawah.",
            en="A new proof of payment from {buyer_name} for {trip_title}, order {order_code} of {amount}. Check it by"
            " the button below.",
        ),
        Text(id="Periksa bukti", en="Check the proof"),
    ),
    ChatTemplate(
        BALANCE_NOTICE,
        Text(
            id="Bukti pelunasan baru dari {buyer_name} untuk {trip_title}, pesanan {order_code}: sisanya {amount}."
            " Periksa lewat tombol di bawah.",
            en="A new proof of the rest from {buyer_name} for {trip_title}, order {order_code}: {amount} is left. Check"
            " it by the button below.",
        ),
        Text(id="Periksa bukti", en="Check the proof"),
    ),
)

CATALOGUE: Mapping[str, ChatTemplate] = {
    one.key: one for one in (*_ORDERS, *_SESSIONS, *_PARCELS, *_MONEY, *_HOLDERS, *_TRIPS, *goods.TEMPLATES)
}
"""By what each is about; letters by the kind of the letter."""


def letter_template(kind: str, *, is_of_goods: bool = False) -> ChatTemplate:
    """The template of a kind of letter; in the words of goods where it is about them and there are such words."""
    own = CATALOGUE.get(f"{goods.GOODS}{kind}") if is_of_goods else None
    return own or CATALOGUE[kind]


def find_template(name: str) -> ChatTemplate | None:
    """The template by what it is about, or by the name that WhatsApp knows."""
    return CATALOGUE.get(name) or next((one for one in CATALOGUE.values() if one.name == name), None)
