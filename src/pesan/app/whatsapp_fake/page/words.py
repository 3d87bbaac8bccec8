"""What the page's script says, in both languages; the page's own words stand in its template."""

from pesan.kit.i18n import Locale, Text

WORDS = {
    "accepted": Text("Diterima", "Accepted"),
    "sent": Text("Terkirim", "Sent"),
    "delivered": Text("Sampai", "Delivered"),
    "read": Text("Dibaca", "Read"),
    "failed": Text("Gagal", "Failed"),
    "unread": Text("pesan baru", "new messages"),
    "window": Text("Bebas menulis {left} lagi", "Free to write for {left}"),
    "closed": Text("Hanya templat", "Templates only"),
    "template": Text("Templat", "Template"),
    "typing": Text("sedang mengetik…", "is typing…"),
    "document": Text("Dokumen", "Document"),
    "not_fetched": Text("Berkas di", "File at"),
    "shape": Text("Bentuk di kabel", "Shape on the wire"),
    "reply_to": Text("Menjawab", "Answers"),
    "none": Text("Belum ada", "None yet"),
    "taken": Text("Pesan diambil", "Messages taken"),
    "greatest": Text("Terbanyak per detik", "Most in a second"),
    "twice": Text("Diambil dua kali", "Taken twice"),
    "refused": Text("Ditolak", "Refused"),
    "answers": Text("Jawaban webhook", "Webhook answers"),
    "waiting": Text("Menunggu dikirim", "Waiting to go"),
    "no_answer": Text("tanpa jawaban", "no answer"),
    "wrong": Text("Tidak bisa: {why}", "That did not work: {why}"),
    "burst_done": Text(
        "{count} pembaruan dalam {seconds} dtk; {statuses}; p95 {p95} md",
        "{count} updates in {seconds} s; {statuses}; p95 {p95} ms",
    ),
    "verified": Text("Webhook membuktikan diri.", "The webhook proved itself."),
    "not_verified": Text(
        "Webhook tidak membuktikan diri ({status}).", "The webhook did not prove itself ({status})."
    ),
    "hours": Text("{n} jam", "{n} h"),
    "minutes": Text("{n} mnt", "{n} min"),
}


def words_in(locale: Locale) -> dict[str, str]:
    """All of them in one language."""
    return {name: text.in_(locale) for name, text in WORDS.items()}
