"""Invitations: making, revoking and accepting the links that let people in."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from annotation.errors import AccountNeeded, InvitationUnusable
from annotation.models import Acceptance, Invitation, Role, User
from annotation.queries.invitations import hashed
from annotation.services.people import grant_roles

LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # none that is taken for another
NAME_LENGTH: Final = 6


@transaction.atomic
def create_invitation(
    *,
    created_by: User | None,
    role: Role,
    quota: int,
    expires_at: datetime,
    note: str = "",
    guests: bool = False,
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is kept nowhere."""
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        secret_sha256=hashed(secret),
        note=note,
        role=role,
        guests=guests,
        quota=quota,
        expires_at=expires_at,
        created_by=created_by,
    )
    invitation.full_clean(exclude=["created_by", "revoked_at"])
    invitation.save()
    return invitation, secret


def revoke_invitation(*, invitation: Invitation) -> None:
    """Let nobody in by an invitation from now on; whoever came by it stays."""
    Invitation.objects.filter(pk=invitation.pk, revoked_at=None).update(revoked_at=timezone.now())


def accept_invitation(*, invitation: Invitation, user: User) -> None:
    """Give somebody the role of an invitation and count them, once; a second time changes nothing.

    Raises `InvitationUnusable`, `AccountNeeded`.
    """
    try:
        _accept(invitation=invitation, user=user)
    except IntegrityError:
        # They accepted it in another window at the same moment: the constraint refused one, and its count with it.
        if not Acceptance.objects.filter(invitation=invitation, user=user).exists():
            raise


@transaction.atomic
def _accept(*, invitation: Invitation, user: User) -> None:
    if Acceptance.objects.filter(invitation=invitation, user=user).exists():
        return
    if user.is_guest and invitation.role != Role.ANNOTATOR:
        raise AccountNeeded(invitation.role)
    usable = Invitation.objects.filter(
        pk=invitation.pk, revoked_at=None, expires_at__gt=timezone.now(), accepted__lt=F("quota")
    )
    if not usable.update(accepted=F("accepted") + 1):
        raise InvitationUnusable(invitation.pk)
    Acceptance.objects.create(invitation=invitation, user=user)
    grant_roles(user=user, roles=frozenset({Role(invitation.role)}))


@transaction.atomic
def join_as_guest(*, invitation: Invitation) -> User:
    """An account without a password for somebody who only wants to judge. Raises `InvitationUnusable`."""
    if not invitation.guests:
        raise InvitationUnusable(invitation.pk)
    guest = User(username=_guest_name(), is_guest=True)
    guest.set_unusable_password()
    guest.save()
    accept_invitation(invitation=invitation, user=guest)
    return guest


def _guest_name() -> str:
    """A name that nobody has."""
    while True:
        name = "guest-" + "".join(secrets.choice(LETTERS) for _ in range(NAME_LENGTH))
        if not User.objects.filter(username=name).exists():
            return name
