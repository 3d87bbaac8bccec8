"""Tickets in the wallets of phones; each wallet is there when its keys are configured, and invisible otherwise."""

from pesan.tickets.wallets.apple import AppleSigner, make_pkpass
from pesan.tickets.wallets.facts import WalletFacts
from pesan.tickets.wallets.google import GoogleSigner, save_link
from pesan.tickets.wallets.keys import Wallets, WalletUnusable, open_wallets

__all__ = [
    "AppleSigner",
    "GoogleSigner",
    "WalletFacts",
    "WalletUnusable",
    "Wallets",
    "make_pkpass",
    "open_wallets",
    "save_link",
]
