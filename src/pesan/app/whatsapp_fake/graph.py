"""The Graph API's routes: sending, marking as read, media and templates (protocols.md §6.6 to §6.8)."""

import asyncio
import hmac
import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import UploadFile
from starlette.types import Receive, Scope, Send

from pesan.app.whatsapp_fake.business import Business
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.faults import Failure
from pesan.app.whatsapp_fake.media import UPLOAD_SECONDS
from pesan.app.whatsapp_fake.rules.media import KINDS
from pesan.app.whatsapp_fake.rules.reading import MISSING, UNEXPECTED
from pesan.app.whatsapp_fake.terms import Number

MAX_BODY = 256 * 1024
HANG_SECONDS = 120.0
NO_TOKEN, BAD_TOKEN = 0, 190
_VERSION = re.compile(r"v\d{1,2}\.\d")

router = APIRouter()


class Cut(Response):
    """An answer that ends in the middle, so that the other side knows nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Promise more than follows; the server then breaks the connection."""
        head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionAbortedError("cut, as the faults ask")


async def get_business(request: Request) -> Business:
    """The account that this server serves. Asynchronous, because FastAPI gives other functions to a thread."""
    business: Business = request.app.state.business
    return business


Account = Annotated[Business, Depends(get_business)]


@router.post("/{version}/{sender}/messages")
async def send_message(version: str, sender: str, request: Request, business: Account) -> Response:
    """Take a message, or mark one as read."""
    number = _enter(business, request, version, sender)
    body = await _read_json(request)
    if isinstance(body, dict) and body.get("status") == "read":
        business.mark_read(number, body)
        return JSONResponse({"success": True})
    recipient = str(body.get("to", "")).removeprefix("+") if isinstance(body, dict) else ""
    failure = business.chance.find_failure(recipient)
    delay = business.chance.seconds(business.chance.faults.delay_ms)
    try:
        answer = _take(business, number, body, failure)
    except GraphError as error:
        business.measures.refuse(error.code)
        answer = JSONResponse(error.as_json(), error.status)
    await asyncio.sleep(HANG_SECONDS if failure and failure.code == "hang" else delay)
    return answer


@router.post("/{version}/{sender}/media")
async def upload(version: str, sender: str, request: Request, business: Account) -> dict[str, str]:
    """Keep a file for 30 days."""
    number = _enter(business, request, version, sender)
    _refuse_large(request, KINDS["document"][0] + MAX_BODY)
    async with request.form(max_files=1, max_fields=5) as form:
        if form.get("messaging_product") != "whatsapp":
            raise GraphError(UNEXPECTED, "The parameter messaging_product is required.")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise GraphError(MISSING, "The parameter file is required.")
        mime = str(form.get("type") or file.content_type or "")
        content = await file.read()
        name = file.filename or ""
    kept = business.media.add(number.id, mime, content, seconds=UPLOAD_SECONDS, filename=name)
    return {"id": kept.id}


@router.post("/{version}/{business_id}/message_templates")
async def create_template(
    version: str, business_id: str, request: Request, business: Account
) -> dict[str, str]:
    """Hand a template in for review."""
    _enter_account(business, request, version, business_id)
    template = business.create_template(await _read_json(request))
    return {"id": template.id, "status": "PENDING", "category": template.category}


@router.get("/{version}/{business_id}/message_templates")
async def list_templates(
    version: str, business_id: str, request: Request, business: Account
) -> dict[str, Any]:
    """The templates, by pages."""
    _enter_account(business, request, version, business_id)
    asked = request.query_params
    found = business.catalogue.list(asked.get("name", ""), asked.get("status", ""))
    limit = int(asked.get("limit", "25")) if asked.get("limit", "25").isdigit() else 25
    start = int(asked.get("after", "0")) if asked.get("after", "0").isdigit() else 0
    page = found[start : start + limit]
    cursors = {"before": str(start), "after": str(start + len(page))}
    more = {"next": str(request.url.include_query_params(after=cursors["after"]))}
    is_last = start + len(page) >= len(found)
    paging = {"cursors": cursors, **({} if is_last else more)}
    return {"data": [template.as_json() for template in page], "paging": paging}


@router.delete("/{version}/{business_id}/message_templates")
async def delete_template(
    version: str, business_id: str, name: str, request: Request, business: Account
) -> dict[str, bool]:
    """Delete a template in all languages."""
    _enter_account(business, request, version, business_id)
    if not business.catalogue.remove(name):
        raise GraphError(UNEXPECTED, f"message template {name} does not exist")
    return {"success": True}


@router.get("/lookaside/{media_id}")
async def download(media_id: str, request: Request, business: Account) -> Response:
    """A file's bytes, with the same token as everything else; after five minutes the address is gone."""
    _authorise(business, request)
    asked = request.query_params
    file = business.media.open(media_id, asked.get("ext", ""), asked.get("hash", ""))
    if file is None:
        return Response(status_code=404)
    return Response(file.content, media_type=file.mime)


@router.get("/{version}/{media_id}")
async def find_media(version: str, media_id: str, request: Request, business: Account) -> dict[str, Any]:
    """Where a file's bytes are for the next five minutes."""
    _check_version(version)
    _authorise(business, request)
    file = business.media.get(media_id, request.query_params.get("phone_number_id", ""))
    return {
        "messaging_product": "whatsapp",
        "url": business.media.link(str(request.base_url).rstrip("/"), file),
        "mime_type": file.mime,
        "sha256": file.digest.hex(),
        "file_size": len(file.content),
        "id": file.id,
    }


@router.delete("/{version}/{media_id}")
async def delete_media(version: str, media_id: str, request: Request, business: Account) -> dict[str, bool]:
    """Forget a file."""
    _check_version(version)
    _authorise(business, request)
    business.media.remove(media_id)
    return {"success": True}


def _take(business: Business, number: Number, body: Any, failure: Failure | None) -> Response:
    if failure and not failure.is_taken:
        return _fail(business, failure)
    entry = business.take(number, body)
    if failure:
        business.measures.refuse(failure.code)
        return Cut()
    addressed = {"input": body.get("to") or body.get("recipient")}
    wa = str(body.get("to", "")).removeprefix("+")
    contact = {**addressed, **({"wa_id": wa} if wa else {"user_id": body.get("recipient")})}
    accepted = {"message_status": "accepted"} if entry.kind == "template" else {}
    return JSONResponse(
        {
            "messaging_product": "whatsapp",
            "contacts": [contact],
            "messages": [{"id": entry.id, **accepted}],
        }
    )


def _fail(business: Business, failure: Failure) -> Response:
    if isinstance(failure.code, int):
        raise GraphError(failure.code, "failed as the faults ask")
    business.measures.refuse(failure.code)
    if failure.code == "http_500":
        return Response("<html><body>Sorry, something went wrong.</body></html>", 500, media_type="text/html")
    return Cut()


def _enter(business: Business, request: Request, version: str, sender: str) -> Number:
    """The number of a request that may be made."""
    _check_version(version)
    _authorise(business, request)
    number = business.terms.find_number(sender)
    if number is None:
        raise GraphError(UNEXPECTED, f"Object with ID '{sender}' does not exist")
    return number


def _enter_account(business: Business, request: Request, version: str, business_id: str) -> None:
    _check_version(version)
    _authorise(business, request)
    if business_id != business.terms.business_id:
        raise GraphError(UNEXPECTED, f"Object with ID '{business_id}' does not exist")


def _authorise(business: Business, request: Request) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise GraphError(NO_TOKEN, "An access token is required")
    if not hmac.compare_digest(token.encode(), business.terms.access_token.encode()):
        raise GraphError(BAD_TOKEN)


def _check_version(version: str) -> None:
    if not _VERSION.fullmatch(version):
        raise GraphError(UNEXPECTED, f"Unknown path components: /{version}")


async def _read_json(request: Request) -> Any:
    _refuse_large(request, MAX_BODY)
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise GraphError(UNEXPECTED, "The body is not JSON") from error


def _refuse_large(request: Request, most: int) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > most:
        raise GraphError(UNEXPECTED, f"A body needs its length, and at most {most} bytes are taken")
