"""The template environment: escaping is always on, and a text stands in both languages where it is used."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader
from jinja2.bccache import Bucket

from pesan.kit.i18n import Text
from pesan.kit.money import format_rupiah
from pesan.kit.times import (
    DEFAULT_ZONE,
    format_clock,
    format_datetime,
    format_day,
    format_long_day,
    isoformat,
)
from pesan.web.assets import Assets
from pesan.web.context import context_of
from pesan.web.csrf import csrf_field, csrf_token
from pesan.web.locale import get_locale, get_theme


class _Nonce:
    """Makes the nonce when a template writes it, so that a page which never does has none."""

    __slots__ = ("_request",)

    def __init__(self, request: Any) -> None:
        self._request = request

    def __str__(self) -> str:
        return context_of(self._request).nonce

    __html__ = __str__


class _Compiled(BytecodeCache):
    """What templates compile to, kept for every application of this process; one that was edited is another."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


# Compiling a page takes longer than all the rest of showing it.
_COMPILED = _Compiled()


class Templates:
    """Renders `<module>/name.html` from the modules' own template folders.

    Every template sees `t(id, en)` (also `_`), `locale`, `theme`, `nonce`, `here`, `request`, `csrf_field()`,
    `csrf_token()`, `asset(path)`, `rupiah(amount)`, `when(moment, zone)`, `day`, `long_day`, `clock`, `iso`.
    """

    def __init__(self, folders: list[Path], assets: Assets, *, auto_reload: bool = False) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([str(folder) for folder in folders]),
            autoescape=True,
            auto_reload=auto_reload,
            bytecode_cache=_COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
        self._environment.globals.update(asset=assets.url, rupiah=format_rupiah, iso=isoformat)

    @property
    def environment(self) -> Environment:
        """For a composition root that adds globals or filters of its own."""
        return self._environment

    def render(self, request: Any, template: str, context: Mapping[str, Any]) -> str:
        """The text of a page for the visitor of `request`."""
        return self._environment.get_template(template).render({**_visitor(request), **context})


def find_folders(package: Path) -> list[Path]:
    """The template folders of the modules in `package`."""
    return sorted(folder for folder in package.glob("*/templates") if folder.is_dir())


def _visitor(request: Any) -> dict[str, Any]:
    locale = get_locale(request)

    def translate(id: str, en: str = "", **params: str | int) -> str:  # noqa: A002  the language's own name
        return Text(id, en or id).in_(locale, **params)

    def dated(write: Any) -> Any:
        return lambda moment, zone=DEFAULT_ZONE: _write(write, moment, zone, locale)

    return {
        "request": request,
        "locale": locale,
        "theme": get_theme(request),
        "nonce": _Nonce(request),
        "here": request.url.path,
        "t": translate,
        "_": translate,
        "csrf_field": lambda: csrf_field(request),
        "csrf_token": lambda: csrf_token(request),
        "when": dated(format_datetime),
        "day": dated(format_day),
        "long_day": dated(format_long_day),
        "clock": dated(format_clock),
    }


def _write(write: Any, moment: datetime | None, zone: str, locale: str) -> str:
    return str(write(moment, zone, locale)) if moment else ""
