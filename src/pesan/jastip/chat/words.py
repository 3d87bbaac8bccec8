"""What the chat answers, in the language of whoever takes part. WhatsApp sets text between asterisks in bold."""

from pesan.kit.i18n import Text

JOINED = Text(
    id="Terima kasih {name}! Kamu sekarang tergabung di trip *{trip}*. Balas *STOP {slug}* kapan saja kalau tidak mau"
    " dikabari lagi.",
    en="Thank you {name}! You joined the trip *{trip}*. Reply *STOP {slug}* any time to hear no more of it.",
)
KNOWN = Text(
    id="{name}, kamu sudah tergabung di trip *{trip}*.", en="{name}, you joined the trip *{trip}* already."
)
BACK = Text(
    id="Selamat datang kembali, {name}! Kamu akan dikabari lagi tentang trip *{trip}*.",
    en="Welcome back, {name}! You will hear of the trip *{trip}* again.",
)
CLOSED = Text(id="Maaf, trip *{trip}* sudah ditutup.", en="Sorry, the trip *{trip}* is closed.")
NO_TRIP = Text(
    id="Trip dengan kode *{slug}* tidak ditemukan. Coba periksa kodenya lagi.",
    en="There is no trip with the code *{slug}*. Please check the code.",
)
STOPPED_TRIP = Text(
    id="Baik, kamu tidak akan dikabari lagi tentang trip *{trip}*. Balas *START {slug}* kalau berubah pikiran.",
    en="All right, you will hear no more of the trip *{trip}*. Reply *START {slug}* if you change your mind.",
)
STOPPED_ALL = Text(
    id="Baik, kami tidak akan mengirimimu pesan lagi. Balas *START* kalau berubah pikiran.",
    en="All right, we will send you no more messages. Reply *START* if you change your mind.",
)
STARTED = Text(id="Siap, kamu akan dikabari lagi.", en="All right, you will hear from us again.")
PRODUCTS = Text(
    id="Ada {count} barang di trip *{trip}*. Pilih yang mau dititip, atau lihat semuanya: {url}",
    en="The trip *{trip}* has {count} items. Choose what you would like, or see them all: {url}",
)
NO_PRODUCTS = Text(
    id="Belum ada barang di trip *{trip}*. Kami kabari begitu ada.",
    en="The trip *{trip}* has no items yet. We will write as soon as it does.",
)
LIST_LABEL = Text(id="Lihat barang", en="See items")
LEFT = Text(id="{price} · sisa {left}", en="{price} · {left} left")
GONE = Text(id="{price} · habis", en="{price} · sold out")
HOW_MANY = Text(
    id="*{product}*, {price} per buah. Mau berapa?", en="*{product}*, {price} each. How many would you like?"
)
MORE_AT = Text(id="Mau lebih? {url}", en="More? {url}")
SOLD_OUT = Text(id="Maaf, *{product}* sudah habis.", en="Sorry, *{product}* is sold out.")
TAKEN_NOW = Text(
    id="Sisa *{product}* sedang ditahan orang lain. Coba lagi nanti.",
    en="Others are holding the rest of *{product}*. Please try again later.",
)
JOIN_FIRST = Text(
    id="Ikut tripnya dulu, ya: balas *JOIN {slug}*, lalu pilih lagi.",
    en="First join the trip: reply *JOIN {slug}*, then choose again.",
)
CONFIRM = Text(
    id="{quantity} × *{product}* = *{total}*. Titip sekarang?",
    en="{quantity} × *{product}* = *{total}*. Order now?",
)
CONFIRM_DEPOSIT = Text(
    id="{quantity} × *{product}* = *{total}*. Bayar uang muka (DP) *{due}* dulu, sisanya sebelum dikirim. Titip"
    " sekarang?",
    en="{quantity} × *{product}* = *{total}*. You pay a deposit of *{due}* first, and the rest before it is sent. Order"
    " now?",
)
BY_TERMS = Text(
    id="Dengan *Ya, titip* kamu menyetujui syarat & ketentuan ({terms}) dan kebijakan refund ({refunds}) dari {name}.",
    en="By *Yes, order* you accept the terms ({terms}) and the refund policy ({refunds}) of {name}.",
)
TERMS_CHANGED = Text(
    id="Syarat dari {name} baru saja berubah. Baca yang baru, lalu pilih lagi.",
    en="The terms of {name} have just changed. Read the new ones, then choose again.",
)
YES = Text(id="Ya, titip", en="Yes, order")
NO = Text(id="Batal", en="Cancel")
DROPPED = Text(id="Oke, tidak jadi.", en="All right, nothing was ordered.")
ORDERED = Text(
    id="Titipanmu dicatat: {quantity} × *{product}*, total *{total}*, kode *{code}*. Bayar sebelum {until}, lalu kirim"
    " foto bukti transfernya di sini.",
    en="Your order is noted: {quantity} × *{product}*, total *{total}*, code *{code}*. Pay before {until}, then send a"
    " photo of the transfer right here.",
)
ORDERED_DEPOSIT = Text(
    id="Titipanmu dicatat: {quantity} × *{product}*, total *{total}*, kode *{code}*. Bayar uang muka (DP) *{due}*"
    " sebelum {until}, lalu kirim foto bukti transfernya di sini. Sisanya {rest}, dibayar sebelum dikirim.",
    en="Your order is noted: {quantity} × *{product}*, total *{total}*, code *{code}*. Pay the deposit of *{due}*"
    " before {until}, then send a photo of the transfer right here. The rest, {rest}, is paid before it is sent.",
)
PAY = Text(id="Cara bayar", en="How to pay")
REFUSED = Text(id="Titipanmu belum tercatat: {why}", en="Your order was not noted: {why}")
PROOF_TAKEN = Text(
    id="Terima kasih! Bukti bayar untuk pesanan *{code}* sudah kami terima dan sedang diperiksa.",
    en="Thank you! We received your proof for the order *{code}* and are checking it.",
)
BALANCE_PROOF_TAKEN = Text(
    id="Terima kasih! Bukti pelunasan untuk pesanan *{code}* sudah kami terima dan sedang diperiksa.",
    en="Thank you! We received your proof of the rest for the order *{code}* and are checking it.",
)
PROOF_OF_WHICH = Text(id="Bukti ini untuk pesanan yang mana?", en="Which order is this proof for?")
ORDERS_LABEL = Text(id="Pilih pesanan", en="Choose an order")
PROOF_OF_NOTHING = Text(
    id="Tidak ada pesananmu yang menunggu pembayaran.", en="None of your orders is waiting for a payment."
)
PROOF_AFTER_PRICE = Text(
    id="Harga pesanan *{code}* baru saja berubah, dan sekarang tidak ada yang perlu dibayar. Fotomu tidak disimpan;"
    " kalau uangnya sudah kamu kirim, kabari jastiper-mu supaya bisa dicek.",
    en="The price of order *{code}* has just changed, and nothing is left to pay. Your picture was not kept; if the"
    " money has already left, tell your shopper so that they can look.",
)
PROOF_REFUSED = Text(id="Bukti ini tidak bisa dipakai: {why}", en="This proof cannot be used: {why}")
PROOF_LOST = Text(
    id="Kami tidak bisa mengunduh fotonya. Kirim sekali lagi, ya.",
    en="We could not download the picture. Please send it once more.",
)
NO_ORDERS = Text(id="Kamu belum punya pesanan.", en="You have no orders yet.")
ORDERS = Text(id="Pesananmu:", en="Your orders:")
ORDER_LINE = Text(
    id="• *{code}* · {items} · {total} · {status}", en="• *{code}* · {items} · {total} · {status}"
)
PARCEL = Text(id=" ({courier} {tracking})", en=" ({courier} {tracking})")
HELP = Text(
    id="Aku asisten otomatis. Balas *INFO* untuk barang, *STATUS* untuk pesananmu, atau *STOP* untuk berhenti.",
    en="I am an automatic assistant. Reply *INFO* for items, *STATUS* for your orders, or *STOP* to stop.",
)

DEPOSIT_DUE = Text(id="menunggu uang muka {due}", en="waiting for the deposit of {due}")
BALANCE_DUE = Text(id="sudah dibayar {paid}, sisa {due}", en="paid {paid}, {due} left")
BALANCE_CHECKED = Text(
    id="sudah dibayar {paid}, bukti pelunasan sedang diperiksa",
    en="paid {paid}, proof of the rest being checked",
)
REST = Text(id="sisa {due}", en="the rest, {due}")
STATUSES: dict[str, Text] = {
    "HOLD": Text(id="menunggu pembayaran", en="waiting for payment"),
    "REVIEW": Text(id="bukti sedang diperiksa", en="proof being checked"),
    "PAID": Text(id="dikonfirmasi", en="confirmed"),
    "COMPLETED": Text(id="dikirim", en="shipped"),
    "REJECTED": Text(id="ditolak", en="rejected"),
    "CANCELLED": Text(id="dibatalkan", en="cancelled"),
    "EXPIRED": Text(id="waktunya habis", en="expired"),
    "REFUNDED": Text(id="uang dikembalikan", en="refunded"),
}
