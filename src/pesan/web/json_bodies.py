"""JSON bodies for the routes that cannot afford the framework's way."""

from typing import TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from pesan.web.context import context_of
from pesan.web.errors import UnsupportedMedia

T = TypeVar("T", bound=BaseModel)


async def read_json(request: Request, schema: type[T]) -> T:
    """The body as `schema`; raises UnsupportedMedia, and RequestValidationError as a declared body would.

    What the framework does for a declared body (two parses, a parsed media type, a graph of dependencies) costs as
    much as everything else that a small route does.
    """
    require_json(request)
    context = context_of(request)
    try:
        return schema.model_validate_json(context.body if context.body is not None else await request.body())
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise RequestValidationError([{**item, "loc": ("body", *item["loc"])} for item in found]) from error


async def read_optional_json(request: Request, schema: type[T]) -> T:
    """The same, where a request without a body says nothing."""
    return await read_json(request, schema) if await request.body() else schema()


def require_json(request: Request) -> None:
    """Raises UnsupportedMedia unless the body claims to be JSON."""
    kind = context_of(request).headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json" and not kind.endswith(b"+json"):
        raise UnsupportedMedia
