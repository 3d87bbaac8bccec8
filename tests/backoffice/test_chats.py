"""What staff see of chat messages: how far each came, and what stopped it."""

from datetime import UTC, datetime
from decimal import Decimal

from pesan.chats.models import ChatMessage
from pesan.chats.records import ChatCharge
from pesan.kit.ids import new_id
from pesan.notifications.models import Delivery, Notification
from pesan.notifications.service import notify
from pesan.notifications.states import ChannelName, Kind
from tests.backoffice.conftest import Team
from tests.support.factories import SYSTEM

AT = datetime(2026, 12, 5, 12, tzinfo=UTC)


async def test_a_bookings_page_says_how_far_each_chat_message_came(team: Team) -> None:
    order = await team.make.order(team.event, wa="+6281234567890")
    ends = {
        Kind.PROOF_RECEIVED: {"state": "read", "read_at": AT},
        Kind.TICKET_READY: {"state": "failed", "failed_at": AT, "error_code": "whatsapp.131026"},
        Kind.REMINDER: {"state": "failed", "failed_at": AT, "error_code": "whatsapp.131999"},
    }
    async with team.database.write(SYSTEM) as session:
        for kind, end in ends.items():
            ways = [ChannelName.WHATSAPP]
            await notify(session, order_id=order.id, merchant_id=order.merchant_id, kind=kind, channels=ways)
            told = Notification.kind == kind.value, Delivery.notification_id == Notification.id
            delivery_id = await session.scalar(Delivery.__table__.select().where(*told))
            session.add(
                ChatMessage(
                    id=delivery_id,
                    merchant_id=order.merchant_id,
                    event_id=order.event_id,
                    to_wa=order.wa,
                    line="confirmation",
                    priority=10,
                    category="utility",
                    **end,
                )
            )

    page = await (await team.sign_in("organizer")).get(f"{team.path}/bookings/{order.code}")

    assert "WhatsApp · dibaca<br>" in page.text
    assert "WhatsApp · tidak terkirim: nomornya tidak ada di WhatsApp<br>" in page.text
    assert "WhatsApp · tidak terkirim: whatsapp.131999<br>" in page.text


async def test_a_merchant_reads_what_its_chats_cost_in_a_month(team: Team) -> None:
    async with team.database.write(SYSTEM) as session:
        for merchant, event_id, amount, at in (
            (team.merchant, team.event.id, "637.05", AT),
            (team.merchant, team.event.id, "637.05", AT),
            (team.merchant, team.event.id, "637.05", AT.replace(month=11)),
            (team.other, None, "387.5", AT),
        ):
            charge = ChatCharge(message_id=new_id(), merchant_id=merchant.id, event_id=event_id, at=at)
            charge.category, charge.kind, charge.amount = "marketing", "regular", Decimal(amount)
            session.add(charge)
    organizer = await team.sign_in("organizer")

    page = await organizer.get(f"{team.path}/costs?month=2026-12")
    empty = await organizer.get(f"{team.path}/costs?month=2026-10")
    file = await organizer.submit(f"{team.path}/costs", f"{team.path}/costs/export?month=2026-12")
    wrong = await organizer.get(f"{team.path}/costs?month=2026-13")

    assert "Rp\u00a01.274" in page.text
    assert "Belum ada pesan" in empty.text
    assert [line.split(",") for line in file.text.lstrip("\ufeff").splitlines()] == [
        ["Bulan", "Kategori", "Jenis", "Pesan", "Biaya (Rp)"],
        ["2026-12", "Promosi", "dikenai biaya", "2", "1274.1000"],
    ]
    assert wrong.status_code == 422
