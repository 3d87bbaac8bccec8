"""Words that addresses of ours begin with, which nobody's own address at the root may be."""

from fastapi import FastAPI

from pesan.web.access import list_routes

# jastipin.md §8, and what a profile's address means to whoever is signed in.
_DOCUMENTS = {"api", "_next", "join", "order", "profile", "dashboard", "auth", "login", "register", "invite"}
_FILES = {"favicon.ico", "robots.txt", "sitemap.xml", "static", "media"}
_NAMED = frozenset(_DOCUMENTS | _FILES | {"me", "t", "o", "u", "unsubscribe", "admin"})


def reserved_words(app: FastAPI) -> frozenset[str]:
    """Every first part of a path that the app serves, mounts included, and the words that are kept besides."""
    known: frozenset[str] | None = getattr(app.state, "reserved_words", None)
    if known is None:
        paths = [route.path for route in list_routes(app)]
        paths += [str(getattr(route, "path", "")) for route in app.routes]
        firsts = {path.strip("/").partition("/")[0].lower() for path in paths}
        known = app.state.reserved_words = _NAMED | {first for first in firsts if first and "{" not in first}
    return known
