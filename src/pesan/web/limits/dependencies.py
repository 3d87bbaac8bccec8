"""Limits as a route declares them."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, Request

from pesan.errors import PesanError
from pesan.web.context import context_of
from pesan.web.limits.limiter import Limiter
from pesan.web.limits.policies import Policy


def limit(name: str, count: int, window_seconds: int) -> Any:
    """A dependency that lets one caller through `count` times in `window_seconds`, then raises TooManyRequests."""
    policy = Policy(name, count, window_seconds)

    async def check(request: Request) -> None:
        await limiter_of(request).hit(context_of(request), policy)

    return Depends(check)


def limit_misses(
    name: str, count: int, window_seconds: int, *, statuses: frozenset[int] = frozenset({404})
) -> Any:
    """A dependency that counts only answers of `statuses` that the route raised: guesses, not visits."""
    policy = Policy(name, count, window_seconds)

    async def check(request: Request) -> AsyncIterator[None]:
        limiter, context = limiter_of(request), context_of(request)
        await limiter.look(context, policy)
        try:
            yield
        except PesanError as error:
            if error.status in statuses:
                await limiter.hit(context, policy)
            raise

    return Depends(check)


def limiter_of(request: Request) -> Limiter:
    """The process's limiter."""
    limiter: Limiter = request.app.state.registry[Limiter]
    return limiter
