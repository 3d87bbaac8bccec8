"""The control API under `/fake`: what tests and the page set, make customers do, and measure."""

import asyncio
import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from pesan.app.whatsapp_fake.burst import Burst, run_burst
from pesan.app.whatsapp_fake.errors import GraphError
from pesan.app.whatsapp_fake.faults import Faults
from pesan.app.whatsapp_fake.graph import Account
from pesan.app.whatsapp_fake.people import Customer
from pesan.app.whatsapp_fake.rules.reading import WRONG
from pesan.app.whatsapp_fake.saying import Marketing, ReadBy, Say, choose_marketing, say
from pesan.app.whatsapp_fake.verifying import verify

LONGEST_WAIT = 60.0
_LOOK_SECONDS = 0.02
Wa = Annotated[str, Path(pattern=r"^[1-9]\d{7,14}$")]

router = APIRouter(prefix="/fake")


class Move(BaseModel):
    """What the clock does: `forward` so many seconds, and stands still or runs from there."""

    model_config = ConfigDict(extra="forbid")

    forward: float = Field(0, ge=0, le=10**9)
    is_stopped: bool | None = None


class Target(BaseModel):
    """Where webhooks go; empty keeps them back."""

    url: Annotated[str, Field(max_length=2000)] = ""


class Profile(BaseModel):
    """What a customer shows of themselves."""

    name: Annotated[str, Field(max_length=100)] = ""


class Decision(BaseModel):
    """What becomes of a template."""

    event: Annotated[str, Field(pattern=r"^[A-Z_]{4,30}$")]
    reason: str = "NONE"


@router.get("/faults")
async def show_faults(business: Account) -> Faults:
    """What is set."""
    return business.chance.faults


@router.post("/faults")
async def set_faults(request: Request, business: Account) -> Faults:
    """Change what is named; the rest stays."""
    wanted = await request.json()
    if not isinstance(wanted, dict):
        raise GraphError(WRONG, "faults are an object")
    current = business.chance.faults.model_dump()
    business.chance.faults = Faults.model_validate({**current, **wanted})
    business.events.tell("faults", faults=business.chance.faults.model_dump())
    return business.chance.faults


@router.delete("/faults")
async def clear_faults(business: Account) -> Faults:
    """Nothing goes wrong any more."""
    business.chance.faults = Faults()
    business.events.tell("faults", faults=business.chance.faults.model_dump())
    return business.chance.faults


@router.get("/measures")
async def show_measures(business: Account) -> dict[str, Any]:
    """What was taken, how fast, what twice, and how the webhook answered."""
    return {**business.measures.as_json(), "waiting": business.postman.waiting}


@router.post("/reset")
async def reset(business: Account) -> dict[str, bool]:
    """As it was at the start; where webhooks go stays."""
    business.reset()
    return {"success": True}


@router.get("/clock")
async def show_clock(business: Account) -> dict[str, float]:
    """The fake's time, in seconds since 1970."""
    return {"now": business.clock.now()}


@router.post("/clock")
async def move_clock(move: Move, business: Account) -> dict[str, float]:
    """Let time pass, or stand still."""
    if move.is_stopped is not None:
        (business.clock.stop if move.is_stopped else business.clock.go)()
    business.clock.forward(move.forward)
    return {"now": business.clock.now()}


@router.post("/webhook")
async def point_webhook(target: Target, business: Account) -> dict[str, str]:
    """Deliver there from now on."""
    business.postman.point_at(target.url)
    return {"url": target.url}


@router.post("/verify")
async def verify_webhook(business: Account) -> dict[str, Any]:
    """Ask the webhook to prove itself, as when it is entered in the real service's dashboard."""
    return await verify(business)


@router.post("/burst")
async def burst(wanted: Burst, business: Account) -> dict[str, Any]:
    """Send a load of customers' messages, and say how each POST was answered."""
    return await run_burst(business, wanted)


@router.get("/templates")
async def list_templates(business: Account) -> list[dict[str, Any]]:
    """Every template."""
    return [template.as_json() for template in business.catalogue.list()]


@router.post("/templates/{template_id}")
async def decide_template(template_id: str, decision: Decision, business: Account) -> dict[str, Any]:
    """Approve, reject, pause, disable."""
    template = business.catalogue.find_by_id(template_id)
    if template is None:
        raise GraphError(WRONG, f"there is no template {template_id}")
    business.decide(template, decision.event, decision.reason)
    return template.as_json()


@router.get("/customers")
async def list_customers(business: Account) -> list[dict[str, Any]]:
    """The customers met last."""
    return [customer.as_json() for customer in business.people.newest()]


@router.post("/customers/{wa}/say", status_code=201)
async def customer_says(wa: Wa, request: Request, business: Account) -> dict[str, Any]:
    """A customer writes: JSON, or the bytes of an image with its caption in the query."""
    kind = request.headers.get("content-type", "").split(";")[0]
    if kind.startswith("image/"):
        image = base64.b64encode(await request.body()).decode()
        said = Say(image=image, mime=kind, **_plain(request))
    else:
        said = Say.model_validate(await request.json())
    return say(business, wa, said).as_json()


@router.get("/customers/{wa}/messages")
async def customer_messages(
    wa: Wa,
    business: Account,
    whole: bool = False,
    at_least: Annotated[int, Query(ge=0, le=500)] = 0,
    within: Annotated[float, Query(ge=0, le=LONGEST_WAIT)] = 10.0,
) -> list[dict[str, Any]]:
    """What the customer got, in order; with `whole` also what they wrote. Waits until there are `at_least` so many."""
    customer = business.people.meet(wa)
    deadline = asyncio.get_running_loop().time() + within
    while len(found := _conversation(customer, whole=whole)) < at_least:
        if asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    return found


@router.post("/customers/{wa}/name")
async def name_customer(wa: Wa, profile: Profile, business: Account) -> dict[str, Any]:
    """The customer has a profile name from now on."""
    return business.people.meet(wa, profile.name).as_json()


@router.post("/customers/{wa}/read")
async def customer_reads(wa: Wa, read: ReadBy, business: Account) -> dict[str, int]:
    """The customer opens the chat."""
    return {"read": business.read_by(business.people.meet(wa), read.phone_number_id)}


@router.post("/customers/{wa}/marketing")
async def customer_chooses(wa: Wa, choice: Marketing, business: Account) -> dict[str, str]:
    """The customer stops marketing messages, or wants them again."""
    choose_marketing(business, wa, choice)
    return {"value": choice.value}


@router.get("/customers/{wa}/window")
async def customer_window(wa: Wa, business: Account) -> dict[str, int]:
    """The seconds in which each number may still write freely."""
    customer, now = business.people.meet(wa), business.clock.now()
    return {number.id: customer.window_left(number.id, now) for number in business.terms.numbers}


@router.get("/media/{media_id}")
async def show_media(media_id: str, business: Account) -> Response:
    """A file of a conversation, for the page and for tests."""
    file = business.media.get(media_id)
    return Response(file.content, media_type=file.mime, headers={"content-disposition": "inline"})


def _plain(request: Request) -> dict[str, Any]:
    return {key: value for key, value in request.query_params.items() if key in Say.model_fields}


def _conversation(customer: Customer, *, whole: bool) -> list[dict[str, Any]]:
    return [entry.as_json() for entry in customer.entries if whole or entry.by == "business"]
