"""What identity does: signing in and out, and changing people, their passwords and their roles."""

from pesan.identity.service.logging_in import log_in
from pesan.identity.service.opening import open_merchant
from pesan.identity.service.refreshing import refresh
from pesan.identity.service.registering import (
    ask_reset,
    ask_verification,
    register,
    reset_password,
    verify_email,
)
from pesan.identity.service.sessions import (
    NewSession,
    end_session,
    log_out_everywhere,
    revoke_sessions,
    touch,
)
from pesan.identity.service.users import (
    change_password,
    check_own_password,
    create_user,
    set_active,
    set_membership,
    set_password,
    set_platform_role,
)

__all__ = [
    "NewSession",
    "ask_reset",
    "ask_verification",
    "change_password",
    "check_own_password",
    "create_user",
    "end_session",
    "log_in",
    "log_out_everywhere",
    "open_merchant",
    "refresh",
    "register",
    "reset_password",
    "revoke_sessions",
    "set_active",
    "set_membership",
    "set_password",
    "set_platform_role",
    "touch",
    "verify_email",
]
