"""Unexpected errors go to Sentry when a DSN is set, and nowhere otherwise."""

from typing import Any

from pesan.logging.redaction import clean, redact

_UNWANTED = ("request", "user", "breadcrumbs", "modules", "server_name")


class _Reporting:
    is_on = False


def start_error_reporting(dsn: str, *, environment: str, release: str) -> None:
    """Report unexpected errors of this process to Sentry; without a DSN this does nothing.

    Raises RuntimeError when a DSN is set and the `observe` extra is not installed.
    """
    if not dsn:
        return
    try:
        import sentry_sdk
    except ImportError as error:
        raise RuntimeError("PESAN_SENTRY_DSN is set: install pesan[observe] or clear it.") from error
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        # Its integrations wrap the framework and the database, and would collect what people typed.
        default_integrations=False,
        auto_enabling_integrations=False,
        before_send=scrub,  # type: ignore[arg-type,unused-ignore]
    )
    _Reporting.is_on = True


def report(error: BaseException) -> None:
    """Hand an unexpected error to Sentry, when it is on."""
    if _Reporting.is_on:
        import sentry_sdk

        sentry_sdk.capture_exception(error)


def scrub(event: dict[str, Any], _hint: object = None) -> dict[str, Any]:
    """Remove whatever is or may be personal from an error report before it leaves."""
    for name in _UNWANTED:
        event.pop(name, None)
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = clean(exception.get("value") or "")
        for frame in exception.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    for name in ("extra", "tags"):
        if isinstance(event.get(name), dict):
            event[name] = dict(redact(event[name]))
    if isinstance(event.get("message"), str):
        event["message"] = clean(event["message"])
    return event
