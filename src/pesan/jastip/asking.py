"""What a page fills into the chat for somebody, as the chat reads it (jastipin.md §6)."""


def join_text(slug: str, name: str, code: str = "") -> str:
    """The message by which somebody joins a trip, on the invitation of `code` where there is one."""
    return f"JOIN {slug} | Nama: {name}" + (f" | Kode: {code}" if code else "")


def stop_text(slug: str) -> str:
    """The message by which somebody hears no more of a trip."""
    return f"STOP {slug}"


INVITED = "r"
"""The part of a trip's link that says by whose invitation somebody comes."""


def invitation_path(slug: str, code: str) -> str:
    """The short link by which a participant brings others along."""
    return f"/t/{slug}?{INVITED}={code}"
