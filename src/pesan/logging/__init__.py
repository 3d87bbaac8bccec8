"""Logs: one JSON line per event, without personal data, kept for 14 days; errors and funnels elsewhere by setting."""

from pesan.logging.analytics import Analytics, NullAnalytics, PosthogAnalytics, make_analytics
from pesan.logging.context import CURRENT_REQUEST, RequestFields
from pesan.logging.redaction import REDACTED, redact_text
from pesan.logging.reporting import report, start_error_reporting
from pesan.logging.setup import configure_logging, get_logger, write_line

__all__ = [
    "CURRENT_REQUEST",
    "REDACTED",
    "Analytics",
    "NullAnalytics",
    "PosthogAnalytics",
    "RequestFields",
    "configure_logging",
    "get_logger",
    "make_analytics",
    "redact_text",
    "report",
    "start_error_reporting",
    "write_line",
]
