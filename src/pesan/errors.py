"""The root of every refusal: a stable code for programs, a sentence for people, an HTTP status."""

from typing import Any, ClassVar

from pesan.kit.i18n import Locale, Text


class PesanError(Exception):
    """Something that was asked for is refused, and nothing was changed.

    A subclass is declared by the module that raises it. `params` fill the message; `extra` joins the
    problem document as it is; `retry_after` is in seconds.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: ClassVar[Text] = Text(
        id="Ada yang salah di pihak kami. Coba lagi sebentar lagi.",
        en="Something went wrong on our side. Please try again in a moment.",
    )

    def __init__(
        self,
        *,
        extra: dict[str, Any] | None = None,
        retry_after: int | None = None,
        **params: str | int,
    ) -> None:
        super().__init__(self.code, params)
        self.params = params
        self.extra = extra or {}
        self.retry_after = retry_after

    def text(self, locale: Locale) -> str:
        """What happened and what to do next, in `locale`."""
        return self.message.in_(locale, **self.params)


class Busy(PesanError):
    """A bounded wait ran out, or the database is coming back; asking again is right."""

    code = "busy"
    status = 503
    message = Text(
        id="Sedang ramai sekali. Coba lagi beberapa detik lagi.",
        en="It is very busy right now. Please try again in a few seconds.",
    )


class NotFound(PesanError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"
    status = 404
    message = Text(id="Halaman atau data ini tidak ditemukan.", en="This page or record was not found.")


class Forbidden(PesanError):
    """You are known, and this is not yours to do."""

    code = "forbidden"
    status = 403
    message = Text(
        id="Akunmu tidak boleh melakukan ini. Minta bantuan penyelenggara.",
        en="Your account may not do this. Ask the organizer for help.",
    )


class InvalidInput(PesanError):
    """A value breaks a rule that the schema could not state; `errors` name the fields."""

    code = "invalid_input"
    status = 422
    message = Text(id="Ada isian yang perlu diperbaiki.", en="Some fields need mending.")

    def __init__(self, field: str, message: Text, **params: str | int) -> None:
        super().__init__(extra=None, retry_after=None, **params)
        self.field = field
        self.field_message = message
