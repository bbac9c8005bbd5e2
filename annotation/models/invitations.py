"""Invitations: links that let people in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from annotation.models.people import Role, User


class Invitation(models.Model):
    """A link that gives whoever opens it a role, so many times, until a date or until it is revoked.

    Only a hash of the link's secret is kept: the link itself is shown once.
    """

    MAX_QUOTA = 10_000

    secret_sha256 = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=120, blank=True)  # for the admins: whom it was for
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    guests = models.BooleanField(default=False)  # judging without an account, by the link alone
    quota = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="an_invitation_gives_a_known_role",
                condition=Q(role__in=["annotator", "researcher", "admin"]),
            ),
            models.CheckConstraint(
                name="an_invitation_is_accepted_within_its_quota",
                condition=Q(quota__gte=1, accepted__lte=F("quota")),
            ),
            models.CheckConstraint(name="guests_only_judge", condition=Q(guests=False) | Q(role="annotator")),
        ]

    def __str__(self) -> str:
        return self.note or f"invitation {self.pk}"


class Acceptance(models.Model):
    """Somebody came by an invitation."""

    invitation = models.ForeignKey(Invitation, on_delete=models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acceptances")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="an_invitation_is_accepted_once", fields=["invitation", "user"]),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.invitation_id}"
