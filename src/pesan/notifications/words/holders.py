"""What the holders of tickets are told that were handed on."""

from collections.abc import Mapping

from pesan.kit.i18n import Text
from pesan.notifications.states import Kind
from pesan.notifications.words.base import Words

_KEEP_TICKET_SECRET = Text(
    id="Siapa pun yang punya tautan ini bisa memakai tiketmu, jadi jangan dibagikan.",
    en="Anybody who has this link can use your ticket, so please keep it to yourself.",
)
_HOLDERS_FOOTER = Text(
    id="Pesan ini dikirim otomatis karena seseorang menyerahkan tiket acara {merchant_name} kepadamu.",
    en="You receive this message because somebody handed a ticket of {merchant_name} on to you.",
)

WORDS: Mapping[Kind, Words] = {
    Kind.TICKET_RECEIVED: Words(
        Text(id="Ada tiket untukmu: {event_title}", en="You have a ticket: {event_title}"),
        Text(id="Ada tiket untukmu", en="You have a ticket"),
        (
            Text(
                id="{other_name} menyerahkan tiketnya kepadamu. Tiketnya terlampir sebagai PDF, bersama berkas"
                " kalender supaya kamu tidak lupa.",
                en="{other_name} handed a ticket on to you. It is attached as a PDF, with a calendar file so that you"
                " will not forget.",
            ),
            Text(
                id="Di pintu masuk, buka tautan di bawah dan tunjukkan kode QR-nya. Kode milik {other_name} sudah"
                " tidak berlaku.",
                en="At the entrance, open the link below and show its QR code. The code that {other_name} had is"
                " void.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        counts=("other_name",),
        keep_secret=_KEEP_TICKET_SECRET,
        footer=_HOLDERS_FOOTER,
        chat=(
            Text(
                id="{other_name} menyerahkan tiketnya kepadamu. Di pintu masuk, buka tiketnya lewat tombol di bawah dan"
                " tunjukkan kode QR-nya. Kode milik {other_name} sudah tidak berlaku.",
                en="{other_name} handed a ticket on to you. At the entrance, open it by the button below and show its"
                " QR code. The code that {other_name} had is void.",
            ),
        ),
    ),
    Kind.TICKET_MOVED: Words(
        Text(id="Waktu acara berubah: {event_title}", en="The event has a new time: {event_title}"),
        Text(id="Waktu acara berubah", en="The event has a new time"),
        (
            Text(
                id="{merchant_name} mengubah waktu acara ini. Waktu barunya ada di bawah; tiketmu tetap berlaku.",
                en="{merchant_name} changed the time of this event. The new time is below; your ticket still counts.",
            ),
            Text(
                id="Pakai tiket yang terbaru: terlampir di sini, dan selalu ada di tautan di bawah. Kode QR yang lama"
                " mungkin tidak bisa dipakai lagi.",
                en="Please use the latest ticket: it is attached, and always behind the link below. The QR code of"
                " before may no longer work.",
            ),
        ),
        Text(id="Buka tiket", en="Open the ticket"),
        keep_secret=_KEEP_TICKET_SECRET,
        footer=_HOLDERS_FOOTER,
        chat=(
            Text(
                id="{merchant_name} mengubah waktu acara ini. Waktu barunya ada di bawah; tiketmu tetap berlaku.",
                en="{merchant_name} changed the time of this event. The new time is below; your ticket still counts.",
            ),
            Text(
                id="Pakai tiket yang terbaru lewat tombol di bawah. Kode QR yang lama mungkin tidak bisa dipakai lagi.",
                en="Please use the latest ticket, by the button below. The QR code of before may no longer work.",
            ),
        ),
    ),
    Kind.TICKET_CANCELLED: Words(
        Text(id="Acaranya dibatalkan: {event_title}", en="The event is cancelled: {event_title}"),
        Text(id="Acaranya dibatalkan", en="The event is cancelled"),
        (
            Text(
                id="Maaf, {merchant_name} membatalkan acara ini. Tiketmu tidak bisa dipakai masuk lagi.",
                en="We are sorry: {merchant_name} cancelled this event. Your ticket will not let anybody in any more.",
            ),
            Text(
                id="Uang yang sudah dibayar kembali kepada pemesannya, yaitu {other_name}.",
                en="Money that was paid goes back to whoever booked, {other_name}.",
            ),
        ),
        Text(id="Lihat acara", en="See the event"),
        counts=("other_name",),
        keep_secret=None,
        footer=_HOLDERS_FOOTER,
    ),
    Kind.TICKET_HANDED_ON: Words(
        Text(id="Tiket diserahkan: {event_title}", en="A ticket was handed on: {event_title}"),
        Text(id="Tiketnya sudah diserahkan", en="The ticket was handed on"),
        (
            Text(
                id="Tiket ini sekarang milik {other_name}. Kode QR, tautan dan PDF yang lama langsung tidak berlaku.",
                en="This ticket now belongs to {other_name}. The QR code, link and PDF of before are void at once.",
            ),
            Text(
                id="Bukan maumu? Segera hubungi {merchant_name}.",
                en="Not what you wanted? Write to {merchant_name} at once.",
            ),
        ),
        Text(id="Lihat acara", en="See the event"),
        counts=("other_name",),
        keep_secret=None,
        footer=Text(
            id="Pesan ini dikirim otomatis karena kamu memegang tiket acara {merchant_name}.",
            en="You receive this message because you held a ticket of {merchant_name}.",
        ),
    ),
}
