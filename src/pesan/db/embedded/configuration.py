"""What the server is told: durable, bounded in WAL and logs, and reachable by one socket only."""

from pathlib import Path

from pesan.db.embedded.layout import PORT, Layout

FILE_NAME = "pesan.conf"
KEPT_LOG_FILES = 7

_SETTINGS = {
    # Durable, and back within the minutes that a recovery may take.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "5min",
    # A receiver of WAL that went away must not fill the disk.
    "max_slot_wal_keep_size": "4GB",
    "wal_compression": "pglz",
    "max_connections": "200",
    "superuser_reserved_connections": "5",
    "shared_buffers": "160MB",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%Y%m%d-%H%M%S.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "10MB",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # The DETAIL of an error quotes rows, and rows hold names and numbers of people.
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def render(layout: Layout) -> str:
    """The file of settings that PGDATA/postgresql.conf includes; `ALTER SYSTEM` still overrides it."""
    settings = {**_SETTINGS, "log_directory": str(layout.logs)}
    lines = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
    return "\n".join(["# Written anew at every start; change a setting with ALTER SYSTEM.", *lines, ""])


def boundary_arguments(socket_folder: Path) -> list[str]:
    """What no file may change: no network, one private socket folder, nobody else through its socket."""
    boundary = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": f'"{socket_folder}"',
        "unix_socket_permissions": "0700",
    }
    return [part for name, value in boundary.items() for part in ("-c", f"{name}={value}")]


def prune_logs(layout: Layout) -> None:
    """Delete PostgreSQL's oldest log files; it rotates them and never deletes any."""
    for path in sorted(layout.logs.glob("postgresql-*.log"))[:-KEPT_LOG_FILES]:
        path.unlink(missing_ok=True)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
