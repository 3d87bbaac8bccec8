"""What a process needs, built once: database, storage, desk, hub, keys, mailer, and their ends."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from ssl import SSLContext

import httpx

from pesan.app.instance import Instance
from pesan.app.modules import import_tasks
from pesan.booths.desk import BoothDesk
from pesan.booths.screens.tokens import BoothTokens
from pesan.chats.intake import ChatIntake
from pesan.chats.sending import Sender
from pesan.checkout.beside import Besides
from pesan.checkout.letters import OrderComposer, letter_composers
from pesan.checkout.room import DiskRoom
from pesan.db import Database
from pesan.gates.bundles import Bundles
from pesan.gates.desk import GateDesk
from pesan.gates.device_tokens import DeviceTokens
from pesan.gates.glances import Glances
from pesan.identity.access_tokens import AccessTokens
from pesan.identity.factors.ceremonies import RelyingParty
from pesan.identity.factors.codes import CodeSecrets
from pesan.identity.known_browsers import KnownBrowsers
from pesan.identity.links import AccountLinks
from pesan.identity.openid.client import Client, Trips
from pesan.identity.openid.provider import Provider
from pesan.identity.sessions import UserSessions
from pesan.identity.team.links import InvitationLinks
from pesan.jastip.beside import find_order_part
from pesan.jastip.links import Links as ChatLinks
from pesan.jastip.price_letters import PriceComposer
from pesan.jastip.queries.takers import find_address
from pesan.jastip.service.orders import Counter
from pesan.jastip.shelf import Shelf
from pesan.jastip.states import FULFILMENT
from pesan.jastip.tokens import ParticipantTokens
from pesan.kit.registry import Registry
from pesan.messaging import Mailer
from pesan.messaging.choose import open_mailer
from pesan.messaging.whatsapp.client import WhatsAppClient
from pesan.notifications.channels import Channel, Channels, EmailChannel
from pesan.notifications.letters import Composer, Composers
from pesan.notifications.states import Kind
from pesan.notifications.whatsapp import WhatsAppChannel
from pesan.orders.desk import SaleDesk
from pesan.payments.gateways.intake import Intake
from pesan.payments.gateways.registry import Gateways
from pesan.privacy.follow_ups import ConsentingComposer
from pesan.privacy.states import Purpose
from pesan.realtime import Hub
from pesan.realtime.gate import StreamGate
from pesan.realtime.sockets import Sockets
from pesan.settings import Settings
from pesan.storage import Storage
from pesan.storage.inspection import Inspector
from pesan.storage.keeping import KeepingStorage, open_keeping
from pesan.storage.links import Links
from pesan.tickets.keystore import DatabaseKeyStore, KeyStore
from pesan.tickets.slices import Slices
from pesan.tickets.wallets import Wallets, open_wallets
from pesan.web.devices import BoothDevices, Devices
from pesan.web.outgoing import PublicTransport
from pesan.web.people import Sessions

# A buyer waits for the page of a payment provider; a job that hears nothing asks again.
PROVIDER_SECONDS = 10.0


def build_registry(instance: Instance, login: str) -> Registry:
    """The objects of a process that logs in as `web` or `worker`; nothing is connected yet."""
    # Who enqueues must know the tasks too: a job's queue, lock and priority are written with it.
    import_tasks()
    settings = instance.settings
    registry = Registry()
    database = registry.add(Database, instance.open_database(login))
    hub = registry.add(Hub, Hub(database.url))
    registry.add(Settings, settings)
    gate = StreamGate(total=settings.max_streams, per_peer=settings.max_streams_per_peer)
    registry.add(StreamGate, gate)
    registry.add(Sockets, Sockets(hub, gate))
    sales = registry.add(SaleDesk, SaleDesk(database, hub))
    registry.add(DiskRoom, DiskRoom(settings.home))
    _add_jastip(registry, settings)
    registry.add(BoothDesk, BoothDesk(database, hub, sales))
    registry.add(Storage, registry.add(KeepingStorage, open_keeping(settings, database)))
    registry.add(Inspector, Inspector())
    registry.add(Links, Links(settings.secret))
    registry.add(KeyStore, DatabaseKeyStore(database, settings.secret))
    registry.add(Wallets, open_wallets(settings))
    slices = registry.add(Slices, Slices(settings.secret, settings.ticket_slice_seconds))
    registry.add(GateDesk, GateDesk(database, hub, slices))
    http = httpx.AsyncClient(timeout=PROVIDER_SECONDS, verify=_certificates())
    registry.add(httpx.AsyncClient, http)
    takes_sandbox = not settings.is_production
    gateways = Gateways(database, settings.secret, http, settings.base_url, takes_sandbox)
    registry.add(Gateways, gateways)
    registry.add(Intake, Intake(gateways))
    registry.add(CodeSecrets, CodeSecrets(settings.secret))
    registry.add(RelyingParty, RelyingParty.of(settings.base_url))
    _add_provider(registry, settings)
    tokens = registry.add(AccessTokens, AccessTokens(settings.secret))
    registry.add(Sessions, UserSessions(database, tokens))
    _add_tokens(registry, settings.secret)
    registry.add(Glances, Glances(database))
    registry.add(Bundles, Bundles(database))
    registry.add(KnownBrowsers, KnownBrowsers(settings.secret))
    registry.add(AccountLinks, AccountLinks(settings.secret, settings.base_url))
    registry.add(InvitationLinks, InvitationLinks(settings.secret, settings.base_url))
    outbox = None if settings.is_production else settings.home / "outbox"
    smtp_url = settings.smtp_url.get_secret_value()
    mailer = registry.add(Mailer, open_mailer(smtp_url, outbox=outbox))
    channels = _channels(registry, mailer, has_mail=bool(smtp_url or outbox))
    registry.add(Channels, Channels(channels, {FULFILMENT: find_address}))
    _add_chats(registry, settings)
    registry.add(Composers, letter_composers(registry, _composers(registry, settings)))
    return registry


def _composers(registry: Registry, settings: Settings) -> dict[Kind, Composer]:
    """Letters that are more than their order's."""
    thanks = ConsentingComposer(OrderComposer(registry), registry[Database], Purpose.MARKETING)
    prices = PriceComposer(OrderComposer(registry), registry[Database], settings.base_url)
    return {Kind.FOLLOW_UP: thanks, Kind.PRICE_PROPOSED: prices}


def _add_jastip(registry: Registry, settings: Settings) -> None:
    """Where a trip's orders are taken, and where WhatsApp is listened to; without a secret nobody is believed."""
    database = registry[Database]
    registry.add(Counter, Counter(database, registry[SaleDesk], registry[DiskRoom]))
    tokens = registry.add(ParticipantTokens, ParticipantTokens(settings.secret))
    registry.add(Besides, Besides({FULFILMENT: find_order_part}))
    registry.add(ChatLinks, ChatLinks(settings.base_url, tokens))
    registry.add(Shelf, Shelf())
    registry.add(ChatIntake, ChatIntake(database, settings.wa_app_secret.get_secret_value()))


def _channels(registry: Registry, mailer: Mailer, *, has_mail: bool) -> Iterator[Channel]:
    """Without a way to send there is no channel, so that no delivery is recorded as sent that went nowhere."""
    settings = registry[Settings]
    if has_mail:
        yield EmailChannel(mailer, settings.mail_from)
    if settings.has_whatsapp:
        yield WhatsAppChannel(registry[Database], settings.base_url)


def _add_chats(registry: Registry, settings: Settings) -> None:
    """Who hands messages over; without an account at WhatsApp they stay queued, and the monitor says why."""
    client = WhatsAppClient.of(settings, certificates=_certificates()) if settings.has_whatsapp else None
    if client is not None:
        registry.add(WhatsAppClient, client)
    sender = Sender(registry[Database], client, per_second=settings.wa_per_second, hub=registry[Hub])
    registry.add(Sender, sender)


def _add_tokens(registry: Registry, secret: bytes) -> None:
    """What devices and people without an account show."""
    registry.add(Devices, DeviceTokens(secret))
    registry.add(BoothDevices, BoothTokens(secret))


def _add_provider(registry: Registry, settings: Settings) -> None:
    """Whom people may sign in with; what that provider names itself is called on the public net only."""
    client = Client(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.oidc_name,
        settings.base_url,
    )
    registry.add(Client, client)
    registry.add(Trips, Trips(settings.secret))
    http = httpx.AsyncClient(transport=PublicTransport(trusted=[client.origin]), timeout=PROVIDER_SECONDS)
    registry.add(Provider, Provider(client, http))


@cache
def _certificates() -> SSLContext:
    # Reading them takes longer than everything else here.
    return httpx.create_ssl_context()


@asynccontextmanager
async def running(registry: Registry) -> AsyncIterator[Registry]:
    """Start what needs starting, and let go of everything at the end."""
    try:
        async with registry[Hub]:
            yield registry
    finally:
        await registry[Sender].aclose()
        await registry[httpx.AsyncClient].aclose()
        await registry[Provider].close()
        await registry[Inspector].close()
        await registry[Database].dispose()
