"""Cards are the business of the providers' own pages: nothing here asks for one, and nothing could keep one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

import pesan
from pesan.app.modules import build_schema

CARD = re.compile(r"(?:^|[^a-z])(?:card|cards|pan|cvv|cvc|cc-(?:number|csc|exp)\w*)(?:$|[^a-z])")
FIELD = re.compile(r'\b(?:name|autocomplete)="([^"]+)"')
SCRIPT = re.compile(r'<(?:script|iframe)[^>]+src="(?:https?:)?//')


def words(name: str) -> str:
    """A name in snake_case, however it is written."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def named(schema: Any) -> Iterator[str]:
    """The names of all fields in a part of the document."""
    if isinstance(schema, dict):
        yield from schema.get("properties") or {}
        for part in schema.values():
            yield from named(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from named(part)


def templates() -> dict[str, str]:
    folder = Path(pesan.__file__).parent
    return {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def test_no_column_is_for_a_card():
    tables = build_schema().metadata.tables.values()
    columns = [f"{table.name}.{column.name}" for table in tables for column in table.columns]
    assert [name for name in columns if CARD.search(name)] == []


async def test_no_field_of_the_api_is_for_a_card(client: httpx.AsyncClient):
    document = (await client.get("/openapi.json")).json()
    fields = set(named(document))
    assert "event_id" in fields
    assert [name for name in fields if CARD.search(words(name))] == []


def test_no_form_asks_for_a_card():
    fields = {(file, name) for file, text in templates().items() for name in FIELD.findall(text)}
    assert fields
    assert sorted(field for field in fields if CARD.search(words(field[1]))) == []


def test_no_page_loads_what_a_provider_serves():
    assert [file for file, text in templates().items() if SCRIPT.search(text)] == []
