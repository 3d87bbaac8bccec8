"""What every letter has: how it greets, what its table of facts calls them, and how a kind is put in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from pesan.kit.i18n import Text

GREETING = Text(id="Halo {buyer_name},", en="Hello {buyer_name},")
CLOSING = Text(id="Salam,\n{merchant_name}", en="Best wishes,\n{merchant_name}")
FOOTER = Text(
    id="Pesan ini dikirim otomatis karena kamu memesan di {merchant_name}. Kode pesananmu {order_code}.",
    en="You receive this message because you booked with {merchant_name}. Your booking code is {order_code}.",
)
BY_CONSENT = Text(
    id="Kamu menerima surat ini karena setuju dikabari {merchant_name}. Persetujuan itu bisa kamu cabut kapan saja di"
    " halaman pesanan {order_code}.",
    en="You receive this letter because you agreed to hear from {merchant_name}. You can withdraw that at any time on"
    " the page of booking {order_code}.",
)
"""Of what is not about the booking itself, and goes only to whoever agreed to it."""
KEEP_SECRET = Text(
    id="Siapa pun yang punya tautan ini bisa membuka pesananmu, jadi jangan dibagikan.",
    en="Anybody who has this link can open your booking, so please keep it to yourself.",
)


@dataclass(frozen=True, slots=True)
class Words:
    """One kind: its subject, heading, paragraphs, the one thing to do next, and the facts it needs beside the usual.

    `rows` stand in the table of facts, too; `counts` only in sentences. `pays` is what to do next while money is due.
    `chat` are the paragraphs of a chat, where nothing is attached and no person reads what is answered, if those of a
    letter would not be true there.
    """

    subject: Text
    heading: Text
    paragraphs: tuple[Text, ...]
    button: Text
    rows: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    footer: Text = FOOTER
    starts_again: bool = False
    pays: Text | None = None
    keep_secret: Text | None = KEEP_SECRET
    chat: tuple[Text, ...] = ()


ROWS: Mapping[str, Text] = {
    "event_title": Text(id="Acara", en="Event"),
    "when": Text(id="Waktu", en="When"),
    "where": Text(id="Tempat", en="Where"),
    "tickets": Text(id="Tiket", en="Tickets"),
    "order_code": Text(id="Kode pesanan", en="Booking code"),
    "item": Text(id="Barang", en="Item"),
    "price": Text(id="Harga satuan", en="Price each"),
    "difference": Text(id="Selisih", en="Difference"),
    "amount": Text(id="Jumlah", en="Amount"),
    "balance": Text(id="Sisa tagihan", en="Still to pay"),
    "reason": Text(id="Alasan", en="Reason"),
    "reference": Text(id="Referensi transfer", en="Transfer reference"),
}
"""What the table of facts calls each fact; empty facts are left out."""

USUAL_ROWS = ("event_title", "when", "where", "tickets", "order_code")

SEE_STATUS = Text(id="Lihat pesanan", en="See the booking")
"""The one thing to do next, where nothing else is."""
