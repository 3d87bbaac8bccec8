"""Who may touch which rows: grants and row-level security, declared beside the tables they guard.

`pesan migrate` applies the declarations after the schema, and again only when they changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

REQUEST = "request"
SALE = "sale"
IDENTITY = "identity"
GATE = "gate"
SYSTEM = "system"
ROLES = (REQUEST, SALE, IDENTITY, GATE, SYSTEM)
# What each log-in role may become; the web process can never become `system`.
LOGINS = {"web": (REQUEST, SALE, IDENTITY, GATE), "worker": ROLES}

# Written with (select …) so that the planner reads a setting once per statement, not once per row.
ANY_ACTOR = "(select coalesce(current_setting('pesan.actor', true), '')) <> ''"
PLATFORM_ADMIN = "(select current_setting('pesan.actor', true)) = 'admin'"
_MERCHANTS = "(select coalesce(nullif(current_setting('pesan.merchant_ids', true), ''), '{}'))::uuid[]"
_LIMITED = "(select coalesce(nullif(current_setting('pesan.limited_ids', true), ''), '{}'))::uuid[]"
_EVENTS = "(select coalesce(nullif(current_setting('pesan.event_ids', true), ''), '{}'))::uuid[]"
_CODES = "(select coalesce(nullif(current_setting('pesan.order_codes', true), ''), '{}'))::text[]"
# Only the transaction that made a row can say this of it.
JUST_MADE = "created_at >= transaction_timestamp()"
OWN_MERCHANT = f"(id = ANY ({_MERCHANTS}) OR {PLATFORM_ADMIN})"
STAFF_OF_MERCHANT = f"(merchant_id = ANY ({_MERCHANTS}) OR {PLATFORM_ADMIN})"
# Whoever is limited to some events of a merchant's is not its staff above: whatever belongs to the whole merchant, or
# to nobody knows which event, stays closed to them until one of these opens it.
COLLEAGUE_OF_MERCHANT = f"({STAFF_OF_MERCHANT} OR merchant_id = ANY ({_LIMITED}))"
STAFF_OF_EVENT = f"({STAFF_OF_MERCHANT} OR (merchant_id = ANY ({_LIMITED}) AND event_id = ANY ({_EVENTS})))"
STAFF_OF_THIS_EVENT = f"({STAFF_OF_MERCHANT} OR (merchant_id = ANY ({_LIMITED}) AND id = ANY ({_EVENTS})))"
# For counts of visits, by what a link leads to: whoever is limited to some trips sees those of the trips' own links.
STAFF_OF_LINK = (
    f"({STAFF_OF_MERCHANT} OR (merchant_id = ANY ({_LIMITED}) AND (target_id = ANY ({_EVENTS})"
    f" OR EXISTS (SELECT 1 FROM products p WHERE p.id = target_id AND p.event_id = ANY ({_EVENTS})))))"
)
# For queries about events, which are public: leaves out what a limited person has no part in.
WITHIN_LIMITS = f"(events.merchant_id <> ALL ({_LIMITED}) OR events.id = ANY ({_EVENTS}))"
OWN_USER_ID = "(select nullif(current_setting('pesan.user_id', true), ''))::uuid"
OWN_ROW = f"user_id = {OWN_USER_ID}"
HOLDS_ORDER_CODE = f"code = ANY ({_CODES})"
HOLDS_TICKET = (
    "id = ANY ((select coalesce(nullif(current_setting('pesan.ticket_ids', true), ''), '{}'))::uuid[])"
)
HOLDS_PARTICIPATION = (
    "id = ANY ((select coalesce(nullif(current_setting('pesan.participant_ids', true), ''), '{}'))::uuid[])"
)
# For rows that belong to an order: the order itself is visible under its own policy.
OF_VISIBLE_ORDER = "EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id)"


def staff_of_order(order_id: str = "order_id") -> str:
    """For rows that belong to an order: staff of its merchant, and whoever is limited to its event."""
    at_event = f"EXISTS (SELECT 1 FROM orders o WHERE o.id = {order_id} AND o.event_id = ANY ({_EVENTS}))"
    return f"({STAFF_OF_MERCHANT} OR (merchant_id = ANY ({_LIMITED}) AND {at_event}))"


EVERY_ROW = "true"


@dataclass(frozen=True, slots=True)
class Policy:
    """One row-level security policy; `roles` are of ROLES, `using` selects rows, `check` what may be written."""

    name: str
    roles: Sequence[str]
    using: str
    command: str = "ALL"
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The grants and policies of one table; a table without a merchant's rows may leave `policies` empty.

    `grants` maps a role to SQL privileges, columns included: `{"request": "SELECT, INSERT (name)"}`.
    """

    table: str
    grants: dict[str, str] = field(default_factory=dict)
    policies: Sequence[Policy] = ()


def system_policy() -> Policy:
    """Jobs, sweeps and commands see every row."""
    return Policy("system", (SYSTEM,), EVERY_ROW)


def sale_policy() -> Policy:
    """The combiner of a sale sees every row that its grants name."""
    return Policy("sale", (SALE,), EVERY_ROW)


def gate_policy(event_id: str = "event_id") -> Policy:
    """The devices at an event's gates see what belongs to that event, as far as their grants name it."""
    # A gate's statements look for tickets and scans by their ids. IS TRUE keeps the planner, which knows little of an
    # event that has just begun to sell, from walking through all of its rows instead; whoever wants those says so.
    return Policy("gate", (GATE,), f"({event_id} = ANY ({_EVENTS})) IS TRUE")


def statements(rules: Sequence[Access], prefix: str) -> list[str]:
    """The SQL that brings the tables of `rules` from whatever access they had to the one declared."""
    return [sql for rule in rules for sql in (*_grants(rule, prefix), *_policies(rule, prefix))]


def _grants(rule: Access, prefix: str) -> list[str]:
    everybody = ", ".join(f"{prefix}_{role}" for role in ROLES)
    revoke = [f"REVOKE ALL ON {rule.table} FROM {everybody}"]
    return revoke + [f"GRANT {what} ON {rule.table} TO {prefix}_{role}" for role, what in rule.grants.items()]


def _policies(rule: Access, prefix: str) -> list[str]:
    if not rule.policies:
        return []
    drop = (  # names of our own tables, from the declarations
        "DO $$ DECLARE p record; BEGIN FOR p IN SELECT policyname FROM pg_policies"
        f" WHERE schemaname = current_schema() AND tablename = '{rule.table}' LOOP"
        f" EXECUTE format('DROP POLICY %I ON {rule.table}', p.policyname); END LOOP; END $$"
    )
    enable = f"ALTER TABLE {rule.table} ENABLE ROW LEVEL SECURITY"
    return [enable, drop, *(_create(rule.table, policy, prefix) for policy in rule.policies)]


def _create(table: str, policy: Policy, prefix: str) -> str:
    roles = ", ".join(f"{prefix}_{role}" for role in policy.roles)
    using = "" if policy.command == "INSERT" else f" USING ({policy.using})"
    checks = policy.command in {"ALL", "INSERT", "UPDATE"}
    check = f" WITH CHECK ({policy.check or policy.using})" if checks else ""
    return f"CREATE POLICY {policy.name} ON {table} FOR {policy.command} TO {roles}{using}{check}"
