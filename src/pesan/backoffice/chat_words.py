"""What staff read of why a chat message did not arrive; a code without a sentence is shown as it is."""

from collections.abc import Mapping

from pesan.kit.i18n import Text

CHAT_PROBLEMS: Mapping[str, Text] = {
    "chats.outside_window": Text(
        id="sudah lebih dari sehari sejak pesannya yang terakhir",
        en="more than a day since they last wrote",
    ),
    "chats.stopped": Text(id="tidak mau dikirimi pesan", en="they want no messages"),
    "chats.template_not_approved": Text(
        id="templatnya belum disetujui WhatsApp", en="WhatsApp has not approved its template"
    ),
    "whatsapp.131026": Text(id="nomornya tidak ada di WhatsApp", en="the number is not on WhatsApp"),
    "chats.unreachable": Text(id="nomornya tidak ada di WhatsApp", en="the number is not on WhatsApp"),
    "chats.unknown": Text(id="WhatsApp tidak menjawab", en="WhatsApp did not answer"),
    "whatsapp.131030": Text(
        id="nomornya tidak boleh dikirimi nomor uji", en="a test number may not write to this number"
    ),
    "whatsapp.131047": Text(
        id="sudah lebih dari sehari sejak pesannya yang terakhir",
        en="more than a day since they last wrote",
    ),
    "whatsapp.131049": Text(
        id="WhatsApp membatasi pesan ke nomor ini", en="WhatsApp limits what this number is sent"
    ),
    "whatsapp.131050": Text(id="tidak mau menerima promosi", en="they want no advertising"),
    "whatsapp.132001": Text(
        id="templatnya belum disetujui WhatsApp", en="WhatsApp has not approved its template"
    ),
    "whatsapp.132015": Text(id="templatnya dijeda WhatsApp", en="WhatsApp has paused its template"),
    "whatsapp.132016": Text(id="templatnya dinonaktifkan WhatsApp", en="WhatsApp has disabled its template"),
}

CHARGE_CATEGORIES: Mapping[str, Text] = {
    "marketing": Text(id="Promosi", en="Marketing"),
    "utility": Text(id="Kabar pesanan", en="Utility"),
    "service": Text(id="Balasan", en="Service"),
    "authentication": Text(id="Autentikasi", en="Authentication"),
    "authentication_international": Text(id="Autentikasi luar negeri", en="Authentication abroad"),
}
CHARGE_KINDS: Mapping[str, Text] = {
    "regular": Text(id="dikenai biaya", en="charged"),
    "free_customer_service": Text(id="gratis, dalam sehari", en="free, within a day"),
    "free_entry_point": Text(id="gratis, lewat iklan", en="free, by an advertisement"),
}
"""Why a message cost what it did, in WhatsApp's own kinds."""

COSTS_HEADER = (
    Text(id="Bulan", en="Month"),
    Text(id="Kategori", en="Category"),
    Text(id="Jenis", en="Kind"),
    Text(id="Pesan", en="Messages"),
    Text(id="Biaya (Rp)", en="Cost (Rp)"),
)
