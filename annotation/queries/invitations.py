"""Reads: invitations, and what can still be done with them."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from django.db.models import QuerySet
from django.utils import timezone

from annotation.models import Acceptance, Invitation, User


class State(StrEnum):
    """Whether an invitation lets anybody in, or why it does not."""

    OPEN = "open"
    FULL = "full"
    EXPIRED = "expired"
    REVOKED = "revoked"


def hashed(secret: str) -> str:
    """What is kept of a link's secret."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def invitation_of(secret: str) -> Invitation | None:
    """The invitation that a link belongs to."""
    return Invitation.objects.filter(secret_sha256=hashed(secret)).first()


def state_of(invitation: Invitation) -> State:
    """What an invitation is good for now."""
    if invitation.revoked_at is not None:
        return State.REVOKED
    if invitation.expires_at <= timezone.now():
        return State.EXPIRED
    return State.FULL if invitation.accepted >= invitation.quota else State.OPEN


def has_accepted(invitation: Invitation, user: User) -> bool:
    """Whether somebody came by this invitation."""
    return Acceptance.objects.filter(invitation=invitation, user=user).exists()


def invitations() -> QuerySet[Invitation]:
    """All invitations, newest first."""
    return Invitation.objects.select_related("created_by").order_by("-id")
