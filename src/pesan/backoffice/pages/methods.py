"""Payment methods: bank accounts and static QRIS codes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go, open_form
from pesan.backoffice.forms.method import BankForm, QrisForm
from pesan.backoffice.forms.state import FormState, read_form
from pesan.backoffice.qr_reader import read_qr
from pesan.backoffice.views.events import MethodRow, MethodsPage, QrisFacts
from pesan.errors import PesanError
from pesan.identity.policies import may_manage
from pesan.payments import qris
from pesan.payments.errors import MethodNotFound
from pesan.payments.models import PaymentMethod
from pesan.payments.queries import get_method, list_methods
from pesan.payments.service import MethodDraft, create_method, update_method
from pesan.payments.states import MethodKind
from pesan.storage.inspection import Inspector
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/payment-methods", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(added|shown|hidden)?$")]


@router.get("")
async def show_methods(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """All methods with what they say, and the forms that add one."""
    return await _page(desk, merchant, done=done)


@router.post("/bank", dependencies=[require_csrf])
async def submit_bank(desk: DeskOf, merchant: str) -> Response:
    """Add a bank account."""
    form = read_form(BankForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _page(desk, merchant, bank=form.state, status=422)
    try:
        await _create(desk, merchant, MethodDraft(MethodKind.BANK, **form.valid.model_dump()))
    except PesanError as refusal:
        return await _page(desk, merchant, bank=form.state, refusal=refusal, problem_kind="bank")
    return go(f"/organizer/{merchant}/payment-methods?done=added")


@router.post("/qris", dependencies=[require_csrf])
async def submit_qris(desk: DeskOf, merchant: str) -> Response:
    """Add a static QRIS from its picture or its text; the checksum and the kind of code are checked."""
    async with desk.reading("methods", merchant, may_manage):
        pass  # refuse strangers before their file is looked at
    async with open_form(desk.request) as posted:
        return await _add_qris(desk, merchant, dict(posted))


@router.post("/{method_id}/active", dependencies=[require_csrf])
async def submit_active(desk: DeskOf, merchant: str, method_id: UUID) -> Response:
    """Offer a method or stop offering it; bookings that chose it keep it."""
    is_active = (await desk.request.form()).get("is_active") == "true"
    async with desk.writing(merchant, may_manage) as work:
        method = await get_method(work.session, method_id)
        if method.merchant_id != work.shop.id:
            raise MethodNotFound
        await update_method(work.session, method_id, is_active=is_active, actor=desk.actor)
    return go(f"/organizer/{merchant}/payment-methods?done={'shown' if is_active else 'hidden'}")


async def _add_qris(desk: Desk, merchant: str, typed: dict[str, Any]) -> Response:
    file = typed.pop("file", None)
    form = read_form(QrisForm, typed)
    if form.valid is None:
        return await _page(desk, merchant, qris=form.state, status=422)
    try:
        payload = form.valid.qris_payload or await _read_picture(desk, file)
        draft = MethodDraft(MethodKind.QRIS, display_name=form.valid.display_name, qris_payload=payload)
        await _create(desk, merchant, draft)
    except PesanError as refusal:
        return await _page(desk, merchant, qris=form.state, refusal=refusal, problem_kind="qris")
    return go(f"/organizer/{merchant}/payment-methods?done=added")


async def _create(desk: Desk, merchant: str, draft: MethodDraft) -> None:
    async with desk.writing(merchant, may_manage) as work:
        await create_method(work.session, merchant_id=work.shop.id, draft=draft, actor=desk.actor)


async def _read_picture(desk: Desk, file: Any) -> str:
    """The text of the code in an uploaded picture; empty when there is no picture."""
    if not isinstance(file, UploadFile) or not file.size:
        return ""
    return await read_qr(file, desk.registry[Inspector])


async def _page(
    desk: Desk,
    merchant: str,
    *,
    bank: FormState | None = None,
    qris: FormState | None = None,
    refusal: PesanError | None = None,
    problem_kind: str = "",
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading("methods", merchant, may_manage) as room:
        methods = await list_methods(room.session, room.shop.id)
        page = MethodsPage(
            rows=[_row(method, room.shop.path) for method in methods],
            bank=bank or FormState(),
            qris=qris or FormState({"display_name": "QRIS"}),
            problem=refusal.text(desk.locale) if refusal else "",
            problem_kind=problem_kind,
            done=done,
        )
        context = {"page": page, "bank_schema": BankForm, "qris_schema": QrisForm}
        return desk.page(room.chrome, "methods", context, status=refusal.status if refusal else status)


def _row(method: PaymentMethod, shop_path: str) -> MethodRow:
    return MethodRow(
        id=str(method.id),
        kind=method.kind,
        display_name=method.display_name,
        is_active=method.is_active,
        path=f"{shop_path}/payment-methods/{method.id}",
        bank_name=method.bank_name,
        account_no=method.account_no,
        account_holder=method.account_holder,
        qris=_facts(method.qris_payload) if method.qris_payload else None,
    )


def _facts(payload: str) -> QrisFacts:
    described = qris.describe(qris.parse(payload))
    return QrisFacts(described.name or "–", described.city or "–", described.nmid)
