"""What the audit's actions and the order's states are called on the screens."""

from pesan.kit.i18n import Text

STATES: dict[str, Text] = {
    "HOLD": Text(id="Menunggu pembayaran", en="Awaiting payment"),
    "REVIEW": Text(id="Sedang diperiksa", en="Being checked"),
    "PAID": Text(id="Lunas", en="Paid"),
    "COMPLETED": Text(id="Selesai", en="Completed"),
    "REJECTED": Text(id="Ditolak", en="Rejected"),
    "EXPIRED": Text(id="Kedaluwarsa", en="Expired"),
    "CANCELLED": Text(id="Dibatalkan", en="Cancelled"),
    "REFUNDED": Text(id="Dana kembali", en="Refunded"),
}

ACTIONS: dict[str, Text] = {
    "order:hold:placed": Text(id="Tempat ditahan", en="Place held"),
    "order:hold:placed_free": Text(id="Tempat gratis dipesan", en="Free place booked"),
    "order:payment:method_selected": Text(id="Cara bayar dipilih", en="Payment method chosen"),
    "order:proof:submitted": Text(id="Bukti dikirim", en="Proof sent"),
    "order:payment:settled": Text(id="Pembayaran diterima", en="Payment received"),
    "order:payment:settled_late": Text(id="Pembayaran diterima terlambat", en="Late payment received"),
    "order:payment:approved": Text(id="Bukti disetujui", en="Proof approved"),
    "order:payment:rejected": Text(id="Bukti ditolak", en="Proof rejected"),
    "order:fulfilment:completed": Text(id="Tiket diterbitkan", en="Tickets issued"),
    "order:hold:expired": Text(id="Waktu tahan habis", en="Hold expired"),
    "order:hold:cancelled": Text(id="Pesanan dibatalkan", en="Booking cancelled"),
    "order:review:cancelled": Text(
        id="Pesanan dibatalkan saat diperiksa", en="Booking cancelled during review"
    ),
    "order:payment:refund_due": Text(
        id="Uang terlambat, harus dikembalikan", en="Late money, to be returned"
    ),
}

PLACES_GONE = Text(
    id="Tempatnya sudah habis, jadi pesanan ini tidak bisa dihidupkan lagi. Uangnya tercatat: kembalikan ke pembeli.",
    en="The places are gone, so this booking cannot be revived. Return the money to the buyer.",
)

ACTORS: dict[str, Text] = {
    "guest": Text(id="Pembeli", en="Buyer"),
    "user": Text(id="Pembeli", en="Buyer"),
    "staff": Text(id="Petugas", en="Staff"),
    "device": Text(id="Perangkat", en="Device"),
    "system": Text(id="Sistem", en="System"),
}

EXPORT_HEADER = (
    Text(id="Kode", en="Code"),
    Text(id="Acara", en="Event"),
    Text(id="Status", en="Status"),
    Text(id="Nama", en="Name"),
    Text(id="WhatsApp", en="WhatsApp"),
    Text(id="E-mail", en="E-mail"),
    Text(id="Tempat", en="Places"),
    Text(id="Nominal", en="Amount"),
    Text(id="Mata uang", en="Currency"),
    Text(id="Dipesan", en="Placed"),
    Text(id="Status berubah", en="Status changed"),
    Text(id="Catatan", en="Note"),
)
