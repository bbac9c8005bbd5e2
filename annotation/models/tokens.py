"""API tokens: what a program shows instead of a password."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from annotation.models.people import User


class Scope(StrEnum):
    """What a token may be used for; its owner's roles must allow it as well."""

    JUDGE = "judge"  # assignments and judgments
    MEMES = "memes"  # meme templates and memes
    STATISTICS = "statistics"  # the owner's own


class ApiToken(models.Model):
    """A token of somebody's: only its hash is kept, the token itself is shown once."""

    MAX_NAME = 60
    MAX_DAYS = 365
    MAX_LIVING = 20  # that one person may have at a time
    PREFIX = "pl_"  # so that whoever finds one lying about knows what it opens

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=MAX_NAME)
    sha256 = models.CharField(max_length=64, unique=True)
    beginning = models.CharField(max_length=12)  # of the token, so that its owner knows it again
    scopes = models.JSONField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="a_token_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.beginning}… ({self.name})"

    @property
    def is_living(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and self.expires_at > timezone.now()
