"""A guest with a browser that runs no scripts."""

import re
from dataclasses import dataclass
from uuid import uuid4

import httpx

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Guest:
    """Keeps cookies, and posts forms with the token of their page."""

    client: httpx.AsyncClient

    async def get(self, path: str) -> httpx.Response:
        """One page."""
        return await self.client.get(path)

    async def token(self, page: str) -> str:
        """The form token of a page."""
        match = _TOKEN.search((await self.get(page)).text)
        assert match is not None
        return match[1]

    async def hold(self, path: str, *, key: str = "", token: str = "", **typed: str) -> httpx.Response:
        """Post the booking sheet of the event at `path`; `token` is of a sheet that was opened before."""
        sheet = f"{path}/book"
        form = {
            "name": "Asep Budiawan",
            "qty": "1",
            "terms": "1.1.1",
            **typed,
            "idempotency_key": key or str(uuid4()),
        }
        return await self.client.post(sheet, data={**form, "csrf_token": token or await self.token(sheet)})
