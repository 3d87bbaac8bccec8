"""What programs ask of the jastip desk: jastipin.md's names, in camelCase; money in whole rupiah."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    model_validator,
)

from pesan.checkout.schemas import Asked, Notes, PersonName, WhatsApp, blank_is_none
from pesan.jastip.service.products import MAX_PRICE, MAX_STOCK, MAX_TITLE
from pesan.jastip.service.trips import WHOLE
from pesan.jastip.states import ProductStatus
from pesan.kit.i18n import Text

MOST_AMOUNT = MAX_PRICE
MOST_PIECES = 1_000
MOST_ITEMS = 50
_LINE_MEND = Text(
    id="Ada karakter yang tidak bisa ditampilkan. Hapus lalu coba lagi.",
    en="Some characters cannot be shown. Remove them and try again.",
)
_ONE_OR_MANY = Text(
    id="Sebut productId dan quantity, atau items, jangan keduanya.",
    en="Name productId and quantity, or items, and not both.",
)
_SAID = Text(id="Bagian ini tidak bisa dikosongkan.", en="This cannot be left empty.")


def _in_a_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError(_LINE_MEND)
    return value


def _in_lines(value: str) -> str:
    if not all(char.isprintable() or char in "\r\n\t" for char in value):
        raise ValueError(_LINE_MEND)
    return value.replace("\r\n", "\n")


def _moment(value: object) -> object:
    """A number would be read as seconds since 1970."""
    if isinstance(value, str | datetime) or value is None:
        return value
    raise ValueError(_SAID)


Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120), AfterValidator(_in_a_line)
]
ProductTitle = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=MAX_TITLE),
    AfterValidator(_in_a_line),
]
ProfileName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=80), AfterValidator(_in_a_line)
]
Bio = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500), AfterValidator(_in_lines)]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(_in_lines)
]
Slug = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9_-]{3,10}$"),
    Field(description="3 to 10 letters, digits, - or _; kept in lower case."),
]
Deadline = Annotated[AwareDatetime, BeforeValidator(_moment)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300), AfterValidator(_in_lines)
]
Amount = Annotated[StrictInt, Field(ge=0, le=MOST_AMOUNT)]
Stock = Annotated[StrictInt, Field(ge=0, le=MAX_STOCK)]
Shop = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(_in_a_line)]
TrackingNo = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=60), AfterValidator(_in_a_line)
]
Percent = Annotated[
    StrictInt,
    Field(
        ge=1,
        le=WHOLE,
        description="How much of what an order costs is asked for first; the rest before it is sent. 100 is everything"
        " at once. Orders that exist stay as they are.",
    ),
]
Pieces = Annotated[StrictInt, Field(ge=1, le=MOST_PIECES)]


class Change(Asked):
    """A change of what is there: what is left out stays, and what may not be empty is not null either."""

    @model_validator(mode="after")
    def _is_said(self) -> Self:
        empty = {name for name in self.model_fields_set if getattr(self, name) is None}
        if empty - self.may_be_empty():
            raise ValueError(_SAID)
        return self

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """What null takes away."""
        return frozenset()

    def said(self) -> dict[str, object]:
        """What the request says, by the names of the services."""
        return self.model_dump(exclude_unset=True)


class ProfileChange(Change):
    """`PATCH /api/profile/me`; as multipart, `avatar` and `coverImage` are pictures."""

    profile_name: ProfileName | None = None
    profile_bio: Bio | None = None
    avatar: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        None, description="The address or the key of a picture sent before; null takes it away."
    )
    cover_image: Annotated[str, StringConstraints(max_length=300)] | None = Field(
        None, description="The address or the key of a picture sent before; null takes it away."
    )

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """Pictures."""
        return frozenset({"avatar", "cover_image"})


class TripRequest(Asked):
    """`POST /api/trips`."""

    title: Title
    slug: Slug
    description: Description = ""
    deadline: Deadline | None = None
    is_active: StrictBool = False
    deposit_percent: Percent = WHOLE


class TripChange(Change):
    """`PATCH /api/trips/{id}`."""

    title: Title | None = None
    slug: Slug | None = None
    description: Description | None = None
    deadline: Deadline | None = None
    is_active: StrictBool | None = None
    deposit_percent: Percent | None = None

    @classmethod
    def may_be_empty(cls) -> frozenset[str]:
        """A trip without a deadline."""
        return frozenset({"deadline"})


class ProductRequest(Asked):
    """`POST /api/trips/{trip_id}/products`; as multipart, `image` is its picture."""

    title: ProductTitle
    price: Amount
    stock: Stock
    slug: Slug | None = Field(None, description="3 to 10 letters, digits, - or _; one is made when left out.")
    description: Description = ""
    shop: Shop = ""


class ProductChange(Change):
    """`PATCH /api/products/{id}`."""

    title: ProductTitle | None = None
    price: Amount | None = None
    stock: Stock | None = None
    status: ProductStatus | None = None
    slug: Slug | None = None
    description: Description | None = None
    shop: Shop | None = None


InvitationCode = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9A-Za-z]{8}$")
]


class JoinRequest(Asked):
    """`POST /api/trips/{trip_id}/join`."""

    phone: WhatsApp
    name: PersonName
    referral_code: Annotated[
        InvitationCode | None,
        BeforeValidator(blank_is_none),
        Field(description="Who invited them, as the chat's `Kode:`; one of another trip counts for nobody."),
    ] = None


class OrderItem(Asked):
    """Some pieces of one product."""

    product_id: UUID
    quantity: Pieces


class OrderRequest(Asked):
    """`POST /api/orders`: one product, or several of one trip as `items`; prices are the server's."""

    participant_id: UUID | None = Field(None, description="Whoever the token means, unless one is named.")
    product_id: UUID | None = None
    quantity: Pieces | None = None
    items: Annotated[list[OrderItem], Field(min_length=1, max_length=MOST_ITEMS)] | None = None
    notes: Annotated[Notes | None, BeforeValidator(blank_is_none)] = None

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        is_one, is_none = (
            self.product_id is not None and self.quantity is not None,
            self.product_id is None and self.quantity is None,
        )
        if not (is_one and self.items is None) and not (is_none and self.items is not None):
            raise ValueError(_ONE_OR_MANY)
        return self

    @property
    def wanted(self) -> list[OrderItem]:
        """What is ordered."""
        if self.items is not None:
            return self.items
        assert self.product_id is not None
        assert self.quantity is not None
        return [OrderItem(product_id=self.product_id, quantity=self.quantity)]


class ConfirmRequest(Asked):
    """`PATCH /api/orders/{id}/confirm`; a proof that is not one of ours says nothing."""

    proof_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    balance: StrictBool = False


class RejectRequest(Asked):
    """`PATCH /api/orders/{id}/reject`; whoever ordered reads the reason."""

    reason: Annotated[Reason | None, BeforeValidator(blank_is_none)] = None


class ShipRequest(Asked):
    """`PATCH /api/orders/{id}/ship`."""

    courier: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=2, max_length=40), AfterValidator(_in_a_line)
    ]
    tracking_no: Annotated[TrackingNo | None, BeforeValidator(blank_is_none)] = None
