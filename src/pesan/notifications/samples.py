"""A believable booking, for looking at a letter before anybody gets one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pesan.kit.i18n import Locale
from pesan.kit.money import format_rupiah
from pesan.kit.times import format_datetime
from pesan.notifications.letters import Letter, LetterFacts
from pesan.notifications.states import ChannelName, Kind
from pesan.notifications.wording import OwnWords
from pesan.notifications.words import parcels

_AMOUNT = 300_000
_AHEAD = timedelta(days=30)
_REASONS: Mapping[Locale, str] = {"id": "Nominalnya belum sesuai.", "en": "The amount does not match."}


def sample_letter(
    merchant_name: str, kind: Kind, locale: Locale, *, own: OwnWords | None, zone: str, now: datetime
) -> Letter:
    """The letter as a buyer of two places would get it from this merchant, or of two goods; its links lead nowhere."""
    is_of_goods = kind in parcels.WORDS
    facts = LetterFacts(
        buyer_name="Siti Rahmawati",
        merchant_name=merchant_name,
        event_title="Malam Keroncong Kota Tua",
        when=format_datetime((now + _AHEAD).replace(minute=0), zone, locale),
        where="Taman Fatahillah, Jakarta",
        order_code="K7Q2M9XZ4VBNC",
        status_url="#",
        again_url="#",
        tickets="2 × VIP (Tribun A 1-5, Tribun A 1-6)",
        ticket_count=2,
        amount=format_rupiah(_AMOUNT),
        balance=format_rupiah(_AMOUNT // 2),
        reason=_REASONS[locale],
        reference="BCA-240817",
        other_name="Rani Wijaya",
        item="2 × Kit Kat Matcha",
        price=f"{format_rupiah(45_000)} → {format_rupiah(52_000)}",
        difference=f"+{format_rupiah(14_000)}",
    )
    if is_of_goods:
        goods = "2 × Kit Kat Matcha, 1 × Tokyo Banana"
        facts = replace(
            facts, event_title="Jastip Jepang Mei", when="", where="", tickets=goods, ticket_count=0
        )
    addresses = {ChannelName.EMAIL: "siti@contoh.example"}
    return Letter(kind, facts, addresses, locale=locale, own=own, is_of_goods=is_of_goods)
