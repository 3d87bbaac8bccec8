"""The shipped alert rules speak of metrics that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pesan.kit import exposition

RULES = Path(__file__).parents[2] / "ops" / "prometheus" / "alerts.yml"
# Read at a scrape from the sources that the composition root registers.
LEVELS = {
    "queue_jobs",
    "queue_oldest_seconds",
    "workers_alive",
    "capacity_drift_pools",
    "chat_lines_paused",
    "chat_messages_oldest_seconds",
    "kept_objects_oldest_seconds",
    "refunds_due",
    "refunds_due_oldest_seconds",
    "capacity_places",
    "disk_free_bytes",
    "disk_total_bytes",
}
ALWAYS = {"up", "level_sources_failed"}
WORDS = {
    "sum",
    "rate",
    "increase",
    "max",
    "min",
    "avg_over_time",
    "histogram_quantile",
    "by",
    "and",
    "offset",
    "le",
    "or",
}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_rules_name_only_metrics_that_exist():
    page = exposition.render().decode()
    exposed = set(re.findall(r"^(?:# TYPE )?([a-z_]+)", page, re.MULTILINE)) | LEVELS | ALWAYS
    exposed |= {f"{name}{suffix}" for name in exposed for suffix in ("_count", "_bucket", "_sum")}

    for rule in rules():
        expression = re.sub(r'\{[^}]*\}|\[[^\]]*\]|"[^"]*"|by \([^)]*\)', " ", rule["expr"])
        names = set(re.findall(r"[a-z_]{2,}(?::[a-z0-9_]+)*", expression)) - WORDS
        recorded = {found["record"] for found in rules() if "record" in found}
        unknown = {name for name in names if name not in exposed | recorded and not name.startswith("pesan")}
        assert unknown == set(), rule


def test_alerts_say_what_happened_and_what_to_do():
    alerts = [rule for rule in rules() if "alert" in rule]

    assert len({alert["alert"] for alert in alerts}) == len(alerts)
    for alert in alerts:
        assert sorted(alert["annotations"]) == ["action", "summary"]
        assert alert["labels"]["severity"] in {"info", "warning", "critical"}


@pytest.mark.parametrize(
    "wanted", ["RejectSpike", "ExpirySpike", "CapacityDrift", "UploadErrors", "QueueAge"]
)
def test_alert_that_the_documents_ask_for_is_there(wanted: str):
    assert wanted in {rule.get("alert") for rule in rules()}
