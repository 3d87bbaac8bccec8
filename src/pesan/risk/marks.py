"""By what an order is recognised: keyed digests of its contacts, and those it kept of where it was placed."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from pesan.kit.phone import normalise_phone
from pesan.kit.signing import derive_key, keyed_digest
from pesan.orders.models import Order
from pesan.risk.errors import EntryUnreadable
from pesan.risk.states import Mark

# Dots and whatever follows a plus make no other mailbox there; a plus makes none nearly anywhere.
_DOTLESS = frozenset({"gmail.com", "googlemail.com"})
_LONGEST = 254
# Prefix lengths that an order keeps a digest of: the caller's own, and the network around.
_ADDRESS_LENGTHS = {4: 32, 6: 64}
_NETWORK_LENGTHS = {4: 24, 6: 48}


class Marks:
    """Makes the digests; without the key nobody can try which contact is behind one."""

    def __init__(self, secret: bytes) -> None:
        self._key = derive_key(secret, "risk")

    def digest(self, mark: Mark, value: str) -> str:
        """What stands for an e-mail, a domain or a phone number."""
        told = normalise_mailbox(value) if mark is Mark.EMAIL else value
        return keyed_digest(self._key, f"{mark.value}:{told}").hex()

    def of_order(self, order: Order) -> Mapping[Mark, str]:
        """Every mark that the order has."""
        told = {Mark.EMAIL: order.email, Mark.PHONE: order.wa}
        told[Mark.DOMAIN] = order.email.rpartition("@")[2].casefold() if order.email else None
        kept = {
            Mark.ADDRESS: order.ip_digest,
            Mark.NETWORK: order.network_digest,
            Mark.DEVICE: order.device_digest,
        }
        made = {mark: self.digest(mark, value) for mark, value in told.items() if value}
        return made | {mark: digest for mark, digest in kept.items() if digest}


def normalise_mailbox(address: str) -> str:
    """The mailbox behind an address: what is written differently and arrives at the same place is one."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def read_entry(typed: str) -> tuple[Mark, str]:
    """What somebody typed into a list, and how it is written; raises EntryUnreadable."""
    value = typed.strip()
    if not value or len(value) > _LONGEST:
        raise EntryUnreadable
    if found := _read_network(value):
        return found
    if "@" in value or not any(char.isdigit() for char in value):
        return _read_mail(value.casefold())
    try:
        return Mark.PHONE, normalise_phone(value)
    except ValueError:
        return _read_mail(value.casefold())


def _read_network(value: str) -> tuple[Mark, str] | None:
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return None
    # One address of IPv6 counts as the /64 that its subscriber owns whole.
    if isinstance(network, IPv6Network) and network.prefixlen == network.max_prefixlen:
        network = network.supernet(new_prefix=_ADDRESS_LENGTHS[6])
    if network.prefixlen == _ADDRESS_LENGTHS[network.version]:
        return Mark.ADDRESS, _written(network)
    if network.prefixlen == _NETWORK_LENGTHS[network.version]:
        return Mark.NETWORK, _written(network)
    raise EntryUnreadable


def _written(network: IPv4Network | IPv6Network) -> str:
    is_one = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if is_one else str(network)


def _read_mail(value: str) -> tuple[Mark, str]:
    local, _, domain = value.rpartition("@")
    labels = domain.split(".")
    is_domain = len(labels) > 1 and all(_is_label(label) for label in labels)
    if not is_domain or " " in local or "@" in local:
        raise EntryUnreadable
    return (Mark.EMAIL, value) if local else (Mark.DOMAIN, domain)


def _is_label(label: str) -> bool:
    return bool(label) and label.replace("-", "a").isalnum()
