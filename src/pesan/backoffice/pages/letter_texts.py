"""What letters say in a merchant's own words: written, looked at, and given back."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from pesan.backoffice.desk import Desk, DeskOf, go
from pesan.backoffice.forms.letter import LetterForm, TimingForm
from pesan.backoffice.forms.state import FormState, Submitted, read_form
from pesan.backoffice.locks import lock_merchant
from pesan.backoffice.service import set_timing
from pesan.backoffice.views.letters import LANGUAGES, LetterPage, letter_links, letter_rows
from pesan.backoffice.words import LETTERS
from pesan.identity.policies import may_manage
from pesan.kit.i18n import Locale
from pesan.notifications.queries import find_own_words, list_own_letters
from pesan.notifications.render import sentences, subject_of
from pesan.notifications.samples import sample_letter
from pesan.notifications.service import set_words
from pesan.notifications.states import Kind
from pesan.notifications.wording import OwnWords, default_words, placeholders_of
from pesan.tenancy.queries import get_merchant
from pesan.web.access import Who, allow
from pesan.web.csrf import require_csrf

router = APIRouter(prefix="/organizer/{merchant}/letters", dependencies=[allow(Who.ORGANIZER)])
Done = Annotated[str, Query(pattern="^(saved|reset)?$")]


@router.get("")
async def show_letters(desk: DeskOf, merchant: str, done: Done = "") -> Response:
    """Every kind of letter, which of them say the merchant's own words, and when they go out by themselves."""
    return await _list(desk, merchant, done=done)


@router.post("/timing", dependencies=[require_csrf])
async def submit_timing(desk: DeskOf, merchant: str) -> Response:
    """Choose how long before an event its buyers are reminded, and how long after it they are thanked."""
    form = read_form(TimingForm, dict(await desk.request.form()))
    if form.valid is None:
        return await _list(desk, merchant, form=form.state, status=422)
    async with desk.writing(merchant, may_manage) as work:
        await set_timing(work.session, work.shop.id, form=form.valid, actor=desk.actor)
    return go(f"/organizer/{merchant}/letters?done=saved")


@router.get("/{letter}/{language}")
async def show_letter(
    desk: DeskOf, merchant: str, letter: Kind, language: Locale, done: Done = ""
) -> Response:
    """The words of one letter, as a form and as they read."""
    return await _page(desk, merchant, letter, language, done=done)


@router.post("/{letter}/{language}", dependencies=[require_csrf])
async def submit_letter(desk: DeskOf, merchant: str, letter: Kind, language: Locale) -> Response:
    """Say a letter in other words; a name in braces that it does not have is refused."""
    form = await _typed(desk, letter)
    if form.valid is None:
        return await _page(desk, merchant, letter, language, form=form, status=422)
    await _set(desk, merchant, letter, language, form.valid.to_words())
    return go(f"/organizer/{merchant}/letters/{letter.value}/{language}?done=saved")


@router.post("/{letter}/{language}/preview", dependencies=[require_csrf])
async def preview_letter(desk: DeskOf, merchant: str, letter: Kind, language: Locale) -> Response:
    """How the words that were typed would read; nothing is kept."""
    form = await _typed(desk, letter)
    return await _page(desk, merchant, letter, language, form=form, status=200 if form.valid else 422)


@router.post("/{letter}/{language}/reset", dependencies=[require_csrf])
async def reset_letter(desk: DeskOf, merchant: str, letter: Kind, language: Locale) -> Response:
    """Say what the house says."""
    await _set(desk, merchant, letter, language, None)
    return go(f"/organizer/{merchant}/letters/{letter.value}/{language}?done=reset")


async def _typed(desk: Desk, kind: Kind) -> Submitted[LetterForm]:
    return read_form(LetterForm, dict(await desk.request.form()), allowed=placeholders_of(kind))


async def _set(desk: Desk, merchant: str, kind: Kind, language: Locale, words: OwnWords | None) -> None:
    async with desk.writing(merchant, may_manage) as work:
        owner = await lock_merchant(work.session, work.shop.id)
        await set_words(work.session, owner, kind=kind, locale=language, words=words, actor=desk.actor)


async def _list(
    desk: Desk, merchant: str, *, form: FormState | None = None, done: str = "", status: int = 200
) -> Response:
    async with desk.reading("brand", merchant, may_manage) as room:
        own = await list_own_letters(room.session, room.shop.id)
        row = await get_merchant(room.session, room.shop.id)
        kept = {name: getattr(row, name) for name in TimingForm.model_fields}
        context = {
            "rows": letter_rows(own, f"{room.shop.path}/letters"),
            "form": form or FormState(kept),
            "schema": TimingForm,
            "done": done,
        }
        return desk.page(room.chrome, "letters", context, status=status)


async def _page(
    desk: Desk,
    merchant: str,
    kind: Kind,
    language: Locale,
    *,
    form: Submitted[LetterForm] | None = None,
    done: str = "",
    status: int = 200,
) -> Response:
    async with desk.reading("brand", merchant, may_manage) as room:
        path = f"{room.shop.path}/letters"
        kept = await find_own_words(room.session, room.shop.id, kind, language)
        links = letter_links(kind, await list_own_letters(room.session, room.shop.id), path)
        typed = form.valid.to_words() if form and form.valid else None
        letter = sample_letter(
            room.shop.name, kind, language, own=typed or kept, zone=room.shop.zone, now=datetime.now(UTC)
        )
        page = LetterPage(
            name=LETTERS[kind.value],
            language=LANGUAGES[language],
            others=links,
            path=f"{path}/{kind.value}/{language}",
            form=form.state if form else FormState(asdict(kept or default_words(kind, language))),
            placeholders=placeholders_of(kind),
            subject=subject_of(letter),
            said=sentences(letter),
            is_own=kept is not None,
            is_saved=form is None,
            done=done,
        )
        return desk.page(room.chrome, "letter", {"page": page, "schema": LetterForm}, status=status)
