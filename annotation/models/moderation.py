"""Moderation: what was decided about memes, what was taken down, what is not let in."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotation.models.memes import Meme, MemeTemplate
from annotation.models.people import User


class Decision(models.Model):
    """What a moderator decided about a meme, and why; the newest one that was not taken back holds."""

    class Action(models.TextChoices):
        APPROVE = "approve", _("approved")
        RETIRE = "retire", _("retired")
        RESTORE = "restore", _("restored")

    MAX_REASON = 300
    UNDO_S = 600  # for how long a moderator may take one back by a key; later the opposite is decided

    meme = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=10, choices=Action)
    reason = models.CharField(max_length=MAX_REASON, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")  # NULL: a program
    was = models.CharField(max_length=10, choices=Meme.Status)  # the meme's status before it
    at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)  # its moderator took it back: it holds no more

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="decision_is_known", condition=Q(action__in=["approve", "retire", "restore"])
            ),
            models.CheckConstraint(
                name="status_before_a_decision_is_known",
                condition=Q(was__in=["pending", "active", "retired"]),
            ),
        ]
        indexes: ClassVar = [models.Index(name="decisions_newest_first", fields=["-id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.meme_id}"


class Takedown(models.Model):
    """A meme template or a meme that must be gone: its pictures are deleted, it goes into no export, it cannot come back.

    The rows of what people said about it stay.
    """

    template = models.OneToOneField(
        MemeTemplate, on_delete=models.PROTECT, null=True, related_name="takedown"
    )
    meme = models.OneToOneField(Meme, on_delete=models.PROTECT, null=True, related_name="takedown")
    reason = models.CharField(max_length=Decision.MAX_REASON)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(
        null=True, blank=True
    )  # its pictures are deleted; until then that is tried again

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_takedown_is_of_a_template_or_of_a_meme",
                condition=Q(template__isnull=False, meme__isnull=True)
                | Q(template__isnull=True, meme__isnull=False),
            ),
            models.CheckConstraint(name="a_takedown_has_a_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"takedown of {f'template {self.template_id}' if self.template_id else f'meme {self.meme_id}'}"


class BlockedPhrase(models.Model):
    """Words that no caption that comes in may hold (see `corpus.blocklist` for what matches)."""

    phrase = models.CharField(max_length=100, unique=True)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="a_blocked_phrase_is_not_empty", condition=~Q(phrase="")),
        ]

    def __str__(self) -> str:
        return self.phrase
