"""What buyers are asked about the price of what somebody shops for them."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import Words

WORDS: Mapping[Kind, Words] = {
    Kind.PRICE_PROPOSED: Words(
        Text(
            id="Harga baru untuk titipanmu: {event_title}", en="Another price for your order: {event_title}"
        ),
        Text(id="Setuju dengan harga barunya?", en="Do you agree to the new price?"),
        (
            Text(
                id="Harga {item} di toko ternyata lain. {merchant_name} bertanya apakah kamu setuju dengan harga"
                " barunya; rinciannya ada di bawah.",
                en="The price of {item} in the shop turned out to be another one. {merchant_name} asks whether you"
                " agree to it; the details are below.",
            ),
            Text(
                id="Selama kamu belum menjawab, harga yang lama tetap berlaku.",
                en="As long as you do not answer, the old price counts.",
            ),
        ),
        Text(id="Lihat dan jawab", en="See and answer"),
        rows=("item", "price", "difference", "reason"),
    ),
}
