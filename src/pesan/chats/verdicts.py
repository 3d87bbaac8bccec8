"""What happens to a message before and after it was handed over. Pure: decides on what is known, touches nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pesan.chats.states import (
    AWAY_SECONDS,
    CANCELLED_BY_HAND,
    MOST_TRIES_AWAY,
    MOST_TRIES_OF_PAIR,
    NO_PICTURE,
    NOT_APPROVED,
    OUTSIDE_WINDOW,
    STOPPED,
    TEMPLATE_LOOK_SECONDS,
    UNHEARD,
    UNKNOWN_SECONDS,
    UNREACHABLE,
    WAITS_SECONDS,
    Category,
    Line,
    MessageState,
)
from pesan.messaging.whatsapp.failures import DAY_SECONDS, FAILURES, FailureKind


@dataclass(frozen=True, slots=True)
class Standing:
    """How its recipient stands to us, by the database's clock, and whether anybody still wants it said."""

    is_open: bool = False
    is_stopped: bool = False
    is_marketing_stopped: bool = False
    is_unreachable: bool = False
    # Of the message's template; one that WhatsApp was not asked about may be.
    is_template_usable: bool = True
    # Its broadcast was cancelled, which called back only what was waiting by then.
    is_called_off: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message is and what it has; `attempts` are those before, `must_be_template` after WhatsApp said so.

    Of its attempts, `away_tries` found WhatsApp away, which says nothing of the message and uses up no try of it.
    One that `is_late` was said so long ago that it waits neither for its template nor for another day.
    """

    line: Line
    category: Category
    has_body: bool
    has_template: bool
    must_be_template: bool = False
    attempts: int = 0
    away_tries: int = 0
    # What it says freely is a picture with words below it, which can be said alone.
    has_picture: bool = False
    last_error: str | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a message becomes, when it is due again where it is queued, and what its failure says of others."""

    state: MessageState
    error_code: str | None
    attempts: int
    wait_seconds: float = 0.0
    must_be_template: bool = False
    is_away: bool = False
    slows_recipient: bool = False
    is_unreachable: bool = False
    stops_marketing: bool = False
    pauses: bool = False
    # Why WhatsApp did not take its template, which the template's other messages need not find out again.
    template_error: str | None = None


def find_refusal(draft: Draft, standing: Standing) -> Verdict | None:
    """Why a message is not handed over now, or at all; None when it is."""
    is_marketing = draft.category is Category.MARKETING
    if standing.is_called_off:
        return Verdict(MessageState.CANCELLED, CANCELLED_BY_HAND, draft.attempts)
    if draft.line is not Line.REPLIES and (
        standing.is_stopped or (is_marketing and standing.is_marketing_stopped)
    ):
        return Verdict(MessageState.CANCELLED, STOPPED, draft.attempts)
    if is_marketing and standing.is_unreachable:
        return Verdict(MessageState.FAILED, UNREACHABLE, draft.attempts)
    if not draft.has_template and (draft.must_be_template or not (standing.is_open and draft.has_body)):
        return Verdict(MessageState.FAILED, OUTSIDE_WINDOW, draft.attempts)
    if goes_as_template(draft, standing) and not standing.is_template_usable:
        return _await_template(draft)
    return None


def goes_as_template(draft: Draft, standing: Standing) -> bool:
    """Inside their window people are written to freely, outside of it by template."""
    return draft.must_be_template or not (standing.is_open and draft.has_body)


def _await_template(draft: Draft) -> Verdict:
    """Until its template may be used it waits, which is no try of it; what waited too long failed."""
    if draft.is_late:
        return Verdict(MessageState.FAILED, NOT_APPROVED, draft.attempts)
    return Verdict(
        MessageState.QUEUED,
        NOT_APPROVED,
        draft.attempts,
        wait_seconds=TEMPLATE_LOOK_SECONDS,
        must_be_template=draft.must_be_template,
    )


def judge(
    kind: FailureKind, code: int | None, draft: Draft, *, as_template: bool, pause: float | None = None
) -> Verdict:
    """What a failure of the message, handed over once more than `draft.attempts` says, asks for (protocols §6.8)."""
    return _RULES[kind](_Failed(draft, name_of(kind, code), as_template, pause or 0.0))


def not_begun(draft: Draft) -> Verdict:
    """A message that was taken and not handed over waits as it did before."""
    return Verdict(
        MessageState.QUEUED, draft.last_error, draft.attempts, must_be_template=draft.must_be_template
    )


def name_of(kind: FailureKind, code: int | None) -> str:
    """A failure as it is kept: WhatsApp's code, or the kind where it gave none."""
    return f"whatsapp.{code if code is not None else kind}"


AWAY_ERRORS = sorted(
    {
        name_of(FailureKind.AWAY, None),
        *(
            name_of(FailureKind.AWAY, code)
            for code, known in FAILURES.items()
            if known.kind is FailureKind.AWAY
        ),
    }
)
"""As what it is kept that WhatsApp was not there."""


@dataclass(frozen=True, slots=True)
class _Failed:
    draft: Draft
    error: str
    as_template: bool
    pause: float

    @property
    def attempts(self) -> int:
        return self.draft.attempts + 1

    @property
    def tries_before(self) -> int:
        """Those that said something of the message; how often WhatsApp was away counts by itself."""
        return self.draft.attempts - self.draft.away_tries

    def ends(self, *, is_unreachable: bool = False, stops_marketing: bool = False) -> Verdict:
        return Verdict(
            MessageState.FAILED,
            self.error,
            self.attempts,
            must_be_template=self.draft.must_be_template,
            is_unreachable=is_unreachable,
            stops_marketing=stops_marketing,
        )

    def waits(self, seconds: float, *, slows_recipient: bool = False, is_away: bool = False) -> Verdict:
        return Verdict(
            MessageState.QUEUED,
            self.error,
            self.attempts,
            wait_seconds=max(seconds, self.pause),
            must_be_template=self.draft.must_be_template,
            is_away=is_away,
            slows_recipient=slows_recipient,
        )


def _retry(failed: _Failed) -> Verdict:
    tries = failed.tries_before
    return failed.waits(WAITS_SECONDS[tries]) if tries < len(WAITS_SECONDS) else failed.ends()


def _away(failed: _Failed) -> Verdict:
    tries = failed.draft.away_tries
    if tries + 1 >= MOST_TRIES_AWAY:
        return failed.ends()
    return failed.waits(AWAY_SECONDS[min(tries, len(AWAY_SECONDS) - 1)], is_away=True)


def _retry_recipient(failed: _Failed) -> Verdict:
    tries = failed.tries_before + 1
    if tries >= MOST_TRIES_OF_PAIR:
        return failed.ends()
    return failed.waits(4.0**tries, slows_recipient=True)


def _message(failed: _Failed) -> Verdict:
    """Its own fault, for good; without the picture that WhatsApp could not fetch it may still be said."""
    draft = failed.draft
    is_picture = failed.error == NO_PICTURE and draft.has_picture and not failed.as_template
    if is_picture and draft.last_error != NO_PICTURE and failed.tries_before < len(WAITS_SECONDS):
        return failed.waits(WAITS_SECONDS[0])
    return failed.ends()


def _stop_queue(failed: _Failed) -> Verdict:
    # It was not the message's fault: it waits like all the others, and this was no try.
    must_be_template = failed.draft.must_be_template
    return Verdict(
        MessageState.QUEUED,
        failed.error,
        failed.draft.attempts,
        must_be_template=must_be_template,
        pauses=True,
    )


def _later_day(failed: _Failed) -> Verdict:
    """Advertising once more after a day; whatever else it is said of will not be news by then."""
    # Where a status refuses what was accepted first, the error of the day before is forgotten by then; its age is not.
    is_first = failed.draft.last_error != failed.error and not failed.draft.is_late
    if failed.draft.category is Category.MARKETING and is_first:
        return failed.waits(DAY_SECONDS)
    return failed.ends()


def _switch(failed: _Failed) -> Verdict:
    """By WhatsApp's clock the window is shut: the template at once, which was no try of it."""
    if failed.as_template or not failed.draft.has_template:
        return failed.ends()
    return Verdict(MessageState.QUEUED, failed.error, failed.draft.attempts, must_be_template=True)


def _unknown(failed: _Failed) -> Verdict:
    return Verdict(
        MessageState.UNKNOWN,
        UNHEARD,
        failed.attempts,
        wait_seconds=UNKNOWN_SECONDS,
        must_be_template=failed.draft.must_be_template,
    )


_RULES: Mapping[FailureKind, Callable[[_Failed], Verdict]] = {
    FailureKind.RETRY: _retry,
    FailureKind.AWAY: _away,
    FailureKind.RETRY_RECIPIENT: _retry_recipient,
    FailureKind.STOP_QUEUE: _stop_queue,
    FailureKind.LATER_DAY: _later_day,
    FailureKind.TEMPLATE: lambda failed: replace(_await_template(failed.draft), template_error=failed.error),
    FailureKind.MESSAGE: _message,
    FailureKind.RECIPIENT: lambda failed: failed.ends(is_unreachable=True),
    FailureKind.SWITCH_TO_TEMPLATE: _switch,
    FailureKind.OPTED_OUT: lambda failed: failed.ends(stops_marketing=True),
    FailureKind.UNKNOWN: _unknown,
}
