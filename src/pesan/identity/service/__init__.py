"""What identity does: signing in and out, and changing people, their passwords and their roles."""

from pesan.identity.service.logging_in import log_in
from pesan.identity.service.sessions import NewSession, log_out, revoke_sessions, touch
from pesan.identity.service.users import (
    change_password,
    create_user,
    set_active,
    set_membership,
    set_password,
    set_platform_role,
)

__all__ = [
    "NewSession",
    "change_password",
    "create_user",
    "log_in",
    "log_out",
    "revoke_sessions",
    "set_active",
    "set_membership",
    "set_password",
    "set_platform_role",
    "touch",
]
