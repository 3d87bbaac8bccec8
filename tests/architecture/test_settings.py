"""Every setting is explained where an operator looks."""

import re

from pydantic import AliasChoices

from pesan.settings import Settings
from tests.architecture.sources import ROOT

TABLE = ROOT / "docs" / "settings.md"


def names_of(field: str) -> list[str]:
    alias = Settings.model_fields[field].validation_alias
    return (
        [str(name) for name in alias.choices]
        if isinstance(alias, AliasChoices)
        else [f"PESAN_{field.upper()}"]
    )


def test_every_setting_is_documented_with_its_other_names():
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", TABLE.read_text()))
    wanted = {name for field in Settings.model_fields for name in names_of(field)}
    assert sorted(wanted - documented) == []


def test_no_documented_setting_is_unknown():
    rows = re.findall(r"^\| `(PESAN_[A-Z0-9_]+)`", TABLE.read_text(), re.MULTILINE)
    known = {name for field in Settings.model_fields for name in names_of(field)}
    assert sorted(set(rows) - known) == []
