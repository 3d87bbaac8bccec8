"""What the audit's actions and the order's states are called on the screens."""

from pesan.chats.states import Line
from pesan.checkout.words import STATE_WORDS
from pesan.kit.i18n import Text

STATES = {state.value: word for state, word in STATE_WORDS.items()}

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
    "order:payment:paid_again": Text(
        id="Uang masuk lagi, harus dikembalikan", en="Money came again, to be returned"
    ),
    "order:payment:looked_at": Text(
        id="Uang di penyedia sudah dilihat", en="Money at the provider was looked at"
    ),
    "order:tickets:refunded": Text(id="Sebagian tiket dikembalikan", en="Some tickets refunded"),
    "order:slot:rescheduled": Text(id="Waktu sesi diganti", en="Session moved to another time"),
    "order:balance:settled": Text(id="Pelunasan diterima", en="Balance received"),
    "order:balance:proof_submitted": Text(id="Bukti pelunasan dikirim", en="Proof of the balance sent"),
    "order:balance:proof_refused": Text(id="Bukti pelunasan ditolak", en="Proof of the balance refused"),
    "order:price:changed": Text(id="Harga diganti", en="Price changed"),
    "order:price:proposed": Text(id="Harga baru ditawarkan", en="Another price proposed"),
    "order:price:accepted": Text(id="Harga baru disetujui pembeli", en="Buyer agreed to the price"),
    "order:price:declined": Text(id="Harga baru ditolak pembeli", en="Buyer declined the price"),
    "order:price:withdrawn": Text(id="Tawaran harga ditarik", en="Proposed price withdrawn"),
    "order:refund:requested": Text(id="Pengembalian dana diajukan", en="Refund asked for"),
    "order:refund:approved": Text(id="Pengembalian dana disetujui", en="Refund approved"),
    "order:refund:declined": Text(id="Pengembalian dana ditolak", en="Refund declined"),
    "order:refund:paid": Text(id="Uang dikirim kembali", en="Money sent back"),
    "order:refund:failed": Text(id="Uang gagal dikirim kembali", en="Money could not be sent back"),
    "order:refund:returned": Text(id="Uang yang dikirim kembali lagi", en="Money that was sent came back"),
    "order:payment:ended": Text(id="Percobaan pembayaran berakhir", en="Payment attempt ended"),
    "order:payment:flagged": Text(id="Pembayaran perlu dilihat petugas", en="Payment needs a person to look"),
    "order:consent:withdrawn": Text(id="Persetujuan dicabut", en="Consent withdrawn"),
    "order:account:joined": Text(id="Masuk ke akun pembeli", en="Joined the buyer's account"),
    "order:ticket:handed_on": Text(id="Tiket diserahkan ke orang lain", en="Ticket handed on"),
    "order:buyer:corrected": Text(id="Data pembeli dibetulkan", en="Buyer's data corrected"),
    "order:risk:raised": Text(id="Ada tanda kecurangan", en="Signs of fraud found"),
    "order:risk:fine": Text(id="Diperiksa: aman", en="Checked: fine"),
    "order:risk:fraud": Text(id="Diperiksa: curang", en="Checked: fraud"),
    "order:letter:resent": Text(id="Surat dikirim ulang", en="Letter sent again"),
    "session:customer:arrived": Text(id="Pelanggan datang", en="Customer arrived"),
    "session:customer:missing": Text(id="Sesi hangus, pelanggan tidak datang", en="Expired, nobody came"),
    "session:customer:left": Text(id="Sesi hangus, pelanggan pergi", en="Expired, the customer left"),
    "session:booth:started": Text(id="Sesi dimulai", en="Session started"),
    "session:booth:finished": Text(id="Sesi selesai", en="Session finished"),
    "session:state:overridden": Text(id="Status sesi diubah petugas", en="Session overridden by staff"),
    "session:override:undone": Text(id="Perubahan petugas dibatalkan", en="Override undone"),
    "order:payment:refund_due": Text(
        id="Uang terlambat, harus dikembalikan", en="Late money, to be returned"
    ),
}

PLACES_GONE = Text(
    id="Tempatnya sudah habis, jadi pesanan ini tidak bisa dihidupkan lagi. Uangnya sudah masuk daftar pengembalian"
    " dana.",
    en="The places are gone, so this booking cannot be revived. The money is in the list of refunds due.",
)

ROLES: dict[str, Text] = {
    "staff": Text(id="Petugas", en="Staff"),
    "organizer": Text(id="Penyelenggara", en="Organizer"),
}

ACTORS: dict[str, Text] = {
    "guest": Text(id="Pembeli", en="Buyer"),
    "user": Text(id="Pembeli", en="Buyer"),
    "staff": Text(id="Petugas", en="Staff"),
    "device": Text(id="Perangkat", en="Device"),
    "system": Text(id="Sistem", en="System"),
}

LETTERS: dict[str, Text] = {
    "proof_received": Text(id="Bukti diterima", en="Proof received"),
    "ticket_ready": Text(id="Tiket", en="Tickets"),
    "rejected": Text(id="Bukti ditolak", en="Proof rejected"),
    "expired": Text(id="Waktu tahan habis", en="Hold expired"),
    "cancelled": Text(id="Pesanan dibatalkan", en="Booking cancelled"),
    "event_cancelled": Text(id="Acara dibatalkan", en="Event cancelled"),
    "event_moved": Text(id="Acara dipindah", en="Event moved"),
    "reminder": Text(id="Pengingat acara", en="Event reminder"),
    "follow_up": Text(id="Ucapan terima kasih", en="Thank-you after the event"),
    "session_ready": Text(id="Sesi di booth", en="Session at a booth"),
    "session_moved": Text(id="Waktu sesi berubah", en="Session moved"),
    "session_reminder": Text(id="Pengingat sesi", en="Session reminder"),
    "order_confirmed": Text(id="Titipan dikonfirmasi", en="Order confirmed"),
    "deposit_received": Text(id="Uang muka diterima", en="Deposit received"),
    "balance_refused": Text(id="Bukti pelunasan ditolak", en="Proof of the balance refused"),
    "parcel_sent": Text(id="Titipan dikirim", en="Order sent"),
    "price_proposal": Text(id="Harga baru diusulkan", en="Another price proposed"),
    "taken_back": Text(id="Pesanan dikembalikan", en="Booking refunded"),
    "tickets_refunded": Text(id="Sebagian tiket dikembalikan", en="Some tickets refunded"),
    "refund_due": Text(id="Uang akan dikembalikan", en="Money will go back"),
    "refunded": Text(id="Uang sudah dikirim kembali", en="Money was sent back"),
    "ticket_received": Text(id="Tiket untuk pemegang baru", en="Ticket for its new holder"),
    "ticket_handed_on": Text(id="Tiket diserahkan", en="Ticket handed on"),
    "ticket_moved": Text(id="Waktu acara berubah (pemegang baru)", en="Event moved (new holder)"),
    "ticket_cancelled": Text(id="Acara dibatalkan (pemegang baru)", en="Event cancelled (new holder)"),
}

CHAT_LINES: dict[Line, Text] = {
    Line.REPLIES: Text(id="Jawaban", en="Answers"),
    Line.CONFIRMATION: Text(id="Konfirmasi pesanan", en="Order confirmations"),
    Line.PROOF_NOTIFY: Text(id="Bukti bayar baru", en="New proofs"),
    Line.NOTIFICATIONS: Text(id="Kabar barang", en="Product news"),
    Line.BROADCAST: Text(id="Broadcast", en="Broadcasts"),
}

DELIVERIES: dict[str, Text] = {
    "queued": Text(id="sedang dikirim", en="on its way"),
    "sent": Text(id="terkirim", en="sent"),
    "failed": Text(id="tidak terkirim", en="not sent"),
    "chat_queued": Text(id="menunggu giliran", en="waiting its turn"),
    "chat_sending": Text(id="sedang dikirim", en="on its way"),
    "chat_unknown": Text(id="mungkin terkirim", en="perhaps sent"),
    "chat_accepted": Text(id="diterima WhatsApp", en="taken by WhatsApp"),
    "chat_sent": Text(id="terkirim", en="sent"),
    "chat_delivered": Text(id="sampai", en="delivered"),
    "chat_read": Text(id="dibaca", en="read"),
    "chat_failed": Text(id="tidak terkirim", en="not sent"),
    "chat_cancelled": Text(id="tidak jadi dikirim", en="not sent after all"),
}

REFUND_CAUSES: dict[str, Text] = {
    "tickets": Text(id="Sebagian tiket dikembalikan", en="Some tickets refunded"),
    "asked": Text(id="Pesanan dikembalikan", en="Booking refunded"),
    "paid_late": Text(id="Uang masuk terlambat", en="Money came late"),
    "other_amount": Text(id="Nominalnya lain dari yang diminta", en="Another amount than was asked for"),
    "paid_again": Text(id="Dibayar dua kali", en="Paid twice"),
    "event_cancelled": Text(id="Acara dibatalkan", en="Event cancelled"),
    "price_lowered": Text(id="Harganya turun", en="Its price was lowered"),
}

REFUND_FAILURES: dict[str, Text] = {
    "refund_not_supported": Text(
        id="cara bayar ini tidak bisa dikembalikan lewat penyedia",
        en="this way of paying cannot be refunded by the provider",
    ),
    "partial_refund_not_supported": Text(
        id="cara bayar ini hanya bisa dikembalikan seluruhnya",
        en="this way of paying can be refunded as a whole only",
    ),
    "outcome_unknown": Text(id="tidak jelas apakah sudah terkirim", en="it is not clear whether it went"),
    "came_back": Text(id="uangnya kembali dari bank pembeli", en="the buyer's bank returned it"),
    "not_paid": Text(id="pembayarannya tidak ditemukan", en="its payment was not found"),
    "not_configured": Text(id="kunci akunnya kosong", en="the account has no key"),
    "livemode_mismatch": Text(id="kuncinya milik mode lain", en="the key is of the other mode"),
    "gateway.account_sealed": Text(id="akunnya tidak bisa dibuka", en="the account does not open"),
    "gateway.account_not_found": Text(id="akunnya sudah tidak ada", en="the account is gone"),
}

REFUND_STATES: dict[str, Text] = {
    "requested": Text(id="Menunggu", en="Waiting"),
    "approved": Text(id="Disetujui", en="Approved"),
    "failed": Text(id="Gagal dikirim", en="Could not be sent"),
    "paid": Text(id="Sudah dikirim", en="Sent"),
    "declined": Text(id="Tidak disetujui", en="Declined"),
}

REQUEST_KINDS: dict[str, Text] = {
    "correction": Text(id="Perbaikan data", en="Correction"),
    "erasure": Text(id="Penghapusan data", en="Erasure"),
}

REQUEST_STATES: dict[str, Text] = {
    "open": Text(id="Menunggu", en="Waiting"),
    "approved": Text(id="Sedang dikerjakan", en="In progress"),
    "done": Text(id="Selesai", en="Done"),
    "refused": Text(id="Ditolak", en="Refused"),
}

REFUND_STEPS: dict[str, Text] = {
    "asked": Text(id="Diajukan", en="Asked for"),
    "approved": Text(id="Disetujui", en="Approved"),
    "paid": Text(id="Dikirim", en="Sent"),
}

TICKET_STATES: dict[str, Text] = {
    "active": Text(id="Berlaku", en="Valid"),
    "used": Text(id="Sudah dipakai", en="Used"),
    "void": Text(id="Batal", en="Void"),
}

BREACH_EXPORT_HEADER = (
    Text(id="Penyelenggara", en="Organizer"),
    Text(id="Acara", en="Event"),
    Text(id="Pesanan", en="Booking"),
    Text(id="Nama", en="Name"),
    Text(id="WhatsApp", en="WhatsApp"),
    Text(id="E-mail", en="E-mail"),
    Text(id="Dipesan", en="Booked"),
)
ATTENDEE_EXPORT_HEADER = (
    Text(id="Nama", en="Name"),
    Text(id="Jenis", en="Type"),
    Text(id="Kursi", en="Seat"),
    Text(id="Status", en="Status"),
    Text(id="Kode tiket", en="Ticket code"),
    Text(id="Kode pesanan", en="Booking code"),
    Text(id="Pembeli", en="Buyer"),
    Text(id="WhatsApp", en="WhatsApp"),
    Text(id="E-mail", en="E-mail"),
    Text(id="Terbit", en="Issued"),
    Text(id="Dipakai", en="Used at"),
)

REFUND_EXPORT_HEADER = (
    Text(id="Kode", en="Code"),
    Text(id="Acara", en="Event"),
    Text(id="Nama", en="Name"),
    Text(id="WhatsApp", en="WhatsApp"),
    Text(id="E-mail", en="E-mail"),
    Text(id="Nominal", en="Amount"),
    Text(id="Mata uang", en="Currency"),
    Text(id="Sebab", en="Cause"),
    Text(id="Alasan", en="Reason"),
    Text(id="Status", en="Status"),
    Text(id="Sejak", en="Since"),
    Text(id="Diajukan oleh", en="Asked for by"),
    Text(id="Disetujui oleh", en="Approved by"),
    Text(id="Dikirim", en="Sent"),
    Text(id="Dikirim oleh", en="Sent by"),
    Text(id="Referensi", en="Reference"),
)

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
