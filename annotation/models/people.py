"""People: accounts, roles, consent, and how much they judged on each day."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import Group as RoleGroup
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from annotation.compiled import Argument, compiled


class Role(StrEnum):
    """What somebody may do; each is a Django group of the same name."""

    ANNOTATOR = "annotator"
    RESEARCHER = "researcher"
    ADMIN = "admin"


@compiled
def groups_of(user: Argument) -> QuerySet[RoleGroup, str]:
    """The names of the Django groups somebody is in."""
    return RoleGroup.objects.filter(user=user).values_list("name", flat=True)


class User(AbstractUser):
    """Somebody with an account, and as an annotator: who judges, in which languages, and what they have agreed to."""

    class Kind(models.TextChoices):
        PERSON = "person", _("person")
        SIMULATED = "simulated", _("simulated")
        JUDGE = "judge", _("judge")

    MAX_DAILY_GOAL = 1000

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    meme_languages = models.JSONField(default=list, blank=True)  # an empty list means any
    daily_goal = models.PositiveSmallIntegerField(default=30)
    consent_version = models.CharField(
        max_length=20, blank=True
    )  # of the newest consent not withdrawn, read on every request
    warning_seen_at = models.DateTimeField(null=True, blank=True)
    practised_at = models.DateTimeField(null=True, blank=True)
    is_guest = models.BooleanField(default=False)  # came by an invitation that asks for no account
    # A paused person gets no new pairs; what they gave, and answers to pairs they hold, are kept.
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_because = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)  # they closed their account

    class Meta(AbstractUser.Meta):
        abstract = False
        constraints: ClassVar = [
            models.CheckConstraint(
                name="annotator_kind_is_known", condition=Q(kind__in=["person", "simulated", "judge"])
            ),
            models.CheckConstraint(
                name="daily_goal_is_within_reach", condition=Q(daily_goal__gte=1, daily_goal__lte=1000)
            ),
            models.CheckConstraint(
                name="a_pause_has_a_reason", condition=Q(paused_at__isnull=True) | ~Q(paused_because="")
            ),
        ]

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles of this account, asked of the database once per request."""
        known = {role.value for role in Role}
        return frozenset(Role(name) for name in groups_of(user=self.pk) if name in known)

    @property
    def has_consented(self) -> bool:
        """Whether the consent in force now was given."""
        return self.consent_version == settings.CONSENT_VERSION


class Consent(models.Model):
    """What somebody agreed to, in which version; withdrawing is a date, never a deletion."""

    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    version = models.CharField(max_length=20)
    licence = models.CharField(max_length=40)  # of the judgments given under it
    is_adult = models.BooleanField()
    given_at = models.DateTimeField(db_default=Now())
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_consent_in_force_per_version",
                fields=["annotator", "version"],
                condition=Q(withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(name="only_adults_consent", condition=Q(is_adult=True)),
        ]

    def __str__(self) -> str:
        return f"consent {self.version} of {self.annotator_id}"


class DayTally(models.Model):
    """How many answers somebody gave on one day of their own calendar, and how many days in a row that makes."""

    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="days")
    day = models.DateField()
    judged = models.PositiveIntegerField(default=0)
    streak = models.PositiveIntegerField(default=1)  # days in a row up to this one, fixed when the day begins

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_tally_per_annotator_and_day", fields=["annotator", "day"]),
        ]

    def __str__(self) -> str:
        return f"{self.judged} on {self.day}"


def _fresh_key() -> str:
    return secrets.token_hex(32)


class PseudonymScope(models.Model):
    """A key under which annotators' pseudonyms are made: two exports share pseudonyms only within one scope."""

    name = models.CharField(max_length=60, unique=True)
    key = models.CharField(max_length=64, default=_fresh_key)

    def __str__(self) -> str:
        return self.name
