"""What the team page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pesan.backoffice.forms.state import FormState
from pesan.identity.team.models import Invitation
from pesan.identity.team.queries import Member


@dataclass(frozen=True, slots=True)
class EventChoice:
    """An event, or an outlet, that somebody may be limited to; an outlet has no time."""

    id: str
    title: str
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person of the team; `events` names those they are limited to, None is all."""

    path: str
    name: str
    email: str
    form: FormState
    events: Sequence[str] | None
    has_factor: bool
    logged_in_at: datetime | None
    is_self: bool


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation that waits."""

    path: str
    email: str
    role: str
    events: Sequence[str] | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TeamPage:
    """The page: people, invitations, and the form for another."""

    members: Sequence[MemberRow]
    invitations: Sequence[InvitationRow]
    events: Sequence[EventChoice]
    form: FormState
    problem: str = ""
    done: str = ""


def member_row(member: Member, titles: Mapping[UUID, str], *, path: str, is_self: bool) -> MemberRow:
    """A person with the form that changes their place."""
    event_ids = member.event_ids
    values = {
        "role": member.role.value,
        "reach": "all" if event_ids is None else "some",
        "event_ids": [str(event_id) for event_id in event_ids or ()],
    }
    return MemberRow(
        path=f"{path}/{member.user_id}",
        name=member.name,
        email=member.email,
        form=FormState(values),
        events=_titles(event_ids, titles),
        has_factor=member.has_factor,
        logged_in_at=member.logged_in_at,
        is_self=is_self,
    )


def invitation_row(invitation: Invitation, titles: Mapping[UUID, str], *, path: str) -> InvitationRow:
    """An invitation with its way to be withdrawn."""
    return InvitationRow(
        path=f"{path}/invitations/{invitation.id}",
        email=invitation.email,
        role=str(invitation.role),
        events=_titles(invitation.event_ids, titles),
        expires_at=invitation.expires_at,
    )


def _titles(event_ids: Sequence[UUID] | None, titles: Mapping[UUID, str]) -> list[str] | None:
    if event_ids is None:
        return None
    return sorted(titles[event_id] for event_id in event_ids if event_id in titles)
