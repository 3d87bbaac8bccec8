"""A form that counts once: sent twice by an impatient finger, it is one wish."""

from collections.abc import Mapping
from typing import Any

import orjson

from pesan.backoffice.desk import Desk
from pesan.checkout.service import Once
from pesan.idempotency.keys import fingerprint_of, parse_key, scope_for
from pesan.idempotency.service import Answer, Wanted

FIELD = "once"
_DONE = Answer(303, b"")
_OF_THE_PAGE = "csrf_token"


def once_of(desk: Desk, form: Mapping[str, Any]) -> Once | None:
    """The key that the page gave its form, which the same form sent again finds used; raises KeyInvalid."""
    key = str(form.get(FIELD, ""))
    if not key:
        return None
    scope, _ = scope_for(user_id=desk.person.user_id, guest_id=None)
    typed = {name: str(value) for name, value in form.items() if name != _OF_THE_PAGE}
    content = orjson.dumps(typed, option=orjson.OPT_SORT_KEYS)
    wanted = Wanted(
        scope, parse_key(key, must_be_uuid=True), fingerprint_of("POST", desk.request.url.path, content)
    )
    return Once(wanted, lambda _: _DONE)
