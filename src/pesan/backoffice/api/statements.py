"""Bank statements line by line, for the programs that watch an account: the importer and the matcher of the page."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from pesan.backoffice.api.schemas import (
    LineStatus,
    StatementLine,
    StatementLineAnswer,
    StatementLinesAnswer,
    StatementLinesRequest,
)
from pesan.backoffice.desk import Desk, DeskOf
from pesan.checkout.statements import match_line
from pesan.db import ReadSession
from pesan.errors import Busy, Forbidden
from pesan.idempotency.service import Answer, Replay, answer_once, find_answer
from pesan.identity.policies import may_review, may_review_everything
from pesan.orders.desk import SaleDesk
from pesan.payments.errors import MethodNotFound
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import get_method
from pesan.payments.statements.posting import KeptLine, PostedLine, post_lines
from pesan.payments.statements.queries import ZONE_OF_BANKS, list_lines, list_suggestions
from pesan.payments.statements.states import LineState
from pesan.web.access import Who, allow
from pesan.web.context import name_merchant
from pesan.web.errors import FactorNeeded, SignInNeeded, ValidationFailed
from pesan.web.idempotency import fresh, read_key, replay
from pesan.web.json_bodies import read_json
from pesan.web.limits import limit
from pesan.web.openapi import BODY_REFUSALS, KEY, KEY_REFUSALS, described, json_of, refusals

router = APIRouter(prefix="/v1/statements", tags=["back office"], dependencies=[allow(Who.STAFF)])
_SIGNED_IN: list[dict[str, list[str]]] = [{"bearerToken": []}, {"staffSession": []}]
_STATUS = {
    LineState.NEW: LineStatus.PENDING,
    LineState.MATCHED: LineStatus.SETTLED,
    LineState.DISMISSED: LineStatus.DISMISSED,
}


@router.post(
    "/lines",
    response_model=StatementLinesAnswer,
    dependencies=[limit("statement-lines", 60, 60)],
    responses=refusals(
        *BODY_REFUSALS,
        *KEY_REFUSALS,
        SignInNeeded,
        FactorNeeded,
        Forbidden,
        ValidationFailed,
        MethodNotFound,
    ),
    openapi_extra=described(KEY, body=json_of(StatementLinesRequest), security=_SIGNED_IN),
)
async def post_statement_lines(desk: DeskOf) -> Response:
    """Tell of money that came to an account; exact amounts settle their orders at once, and nothing settles twice."""
    wish = await read_json(desk.request, StatementLinesRequest)
    wanted = await read_key(desk.request)
    stored = await find_answer(desk.database, desk.actor, wanted)
    if stored is not None:
        return replay(stored)
    method, kept = await _keep(desk, wish)
    await _match(desk, method, kept)
    # Written only now: until then the same request does nothing twice, because a line is known again.
    async with desk.database.write(desk.actor) as session:

        async def make() -> Answer:
            told = StatementLinesAnswer(lines=await _tell(session, method, kept))
            return Answer(200, told.model_dump_json().encode())

        outcome = await answer_once(session, wanted, make) if wanted else await make()
    return replay(outcome.answer) if isinstance(outcome, Replay) else fresh(outcome)


async def _keep(desk: Desk, wish: StatementLinesRequest) -> tuple[PaymentMethod, Sequence[KeptLine]]:
    async with desk.database.write(desk.actor) as session:
        method = await get_method(session, wish.method_id)
        _admit(desk, method)
        return method, await post_lines(session, method=method, posted=[_posted(line) for line in wish.lines])


def _admit(desk: Desk, method: PaymentMethod) -> None:
    """Accounts that buyers may pay to are no secret; whose statement this may be is."""
    if not may_review(desk.person, method.merchant_id):
        raise MethodNotFound
    name_merchant(desk.request, method.merchant_id)
    if not may_review_everything(desk.person, method.merchant_id):
        raise Forbidden


def _posted(line: StatementLine) -> PostedLine:
    day = line.posted_at.astimezone(ZoneInfo(ZONE_OF_BANKS)).date()
    return PostedLine(day, line.amount, line.description, line.reference)


async def _match(desk: Desk, method: PaymentMethod, kept: Sequence[KeptLine]) -> None:
    async with desk.database.read(desk.actor) as session:
        found = await list_lines(session, method.id, [each.line.fingerprint for each in kept])
    try:
        for line, _ in found.values():
            if line.state == LineState.NEW:
                await match_line(desk.database, desk.registry[SaleDesk], line, seen_by=desk.actor)
    except Busy:
        return  # they are kept, and their job looks at them


async def _tell(
    session: ReadSession, method: PaymentMethod, kept: Sequence[KeptLine]
) -> list[StatementLineAnswer]:
    found = await list_lines(session, method.id, [each.line.fingerprint for each in kept])
    suggested = await list_suggestions(session, [line for line, _ in found.values()])
    answers = []
    for each in kept:
        line, order_id = found[each.line.fingerprint]
        near = [one.order_id for one in suggested.get(line.id, ())] if line.state == LineState.OPEN else []
        waits = LineStatus.SUGGESTED if near else LineStatus.UNMATCHED
        answers.append(
            StatementLineAnswer(
                id=line.id,
                reference=each.line.reference or "",
                status=_STATUS.get(LineState(line.state), waits),
                is_known=each.is_known,
                order_id=order_id,
                suggested_order_ids=near,
            )
        )
    return answers
