"""What every process of an instance sets up before anything else: logs, metrics, error reports."""

from importlib.metadata import version

from pesan.kit.exposition import use_folder
from pesan.logging import configure_logging, start_error_reporting
from pesan.settings import Settings, require_safe


def configure(settings: Settings, service: str) -> None:
    """Set up this process, which log lines call `service`; raises UnsafeSettings."""
    require_safe(settings)
    configure_logging(folder=settings.home / "logs", level=settings.log_level, service=service)
    use_folder(settings.home / "metrics")
    start_error_reporting(
        settings.sentry_dsn.get_secret_value(),
        environment=settings.environment,
        release=f"pesan@{version('pesan')}",
    )
