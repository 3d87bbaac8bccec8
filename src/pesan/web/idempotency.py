"""A request's Idempotency-Key, scoped to who sends it, and a stored answer as a response."""

from fastapi import Request
from starlette.responses import Response

from pesan.idempotency.keys import canonical_json, fingerprint_of, parse_key, scope_for
from pesan.idempotency.service import Answer, Wanted
from pesan.web.context import context_of
from pesan.web.deps import find_guest_id, find_person

REPLAYED = "Idempotency-Replayed"
# What a stored answer is, unless its own headers say otherwise.
MEDIA_TYPE = "application/json"


async def read_key(request: Request, content: bytes | None = None) -> Wanted | None:
    """The key that the request carries, or None.

    `content` is what the fingerprint covers besides method and path; by default the JSON body in canonical form. A
    route that takes a file passes its digest, because a multipart body is different each time it is sent. Raises
    KeyInvalid.
    """
    given = context_of(request).headers.get(b"idempotency-key")
    if given is None:
        return None
    person = await find_person(request)
    user_id = person.to_actor().user_id if person else None
    scope, is_named = scope_for(user_id=user_id, guest_id=find_guest_id(request))
    key = parse_key(given.decode("latin-1"), must_be_uuid=not is_named)
    body = canonical_json(await request.body()) if content is None else content
    return Wanted(scope, key, fingerprint_of(request.method, request.url.path, body))


def replay(answer: Answer) -> Response:
    """The stored answer, byte for byte, marked as a repetition."""
    return Response(
        answer.body, answer.status, headers={**answer.headers, REPLAYED: "true"}, media_type=MEDIA_TYPE
    )


def fresh(answer: Answer) -> Response:
    """An answer that was just stored, as the response to its own request."""
    return Response(answer.body, answer.status, headers=dict(answer.headers), media_type=MEDIA_TYPE)
