"""Meme templates, memes, and the groups within which memes may be compared."""

from __future__ import annotations

import random
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotation.models.people import User
from corpus.memes import TemplateLayout


class MemeTemplate(models.Model):
    """A picture with its text boxes."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    language = models.CharField(max_length=12, default="en")
    picture = models.CharField(
        max_length=120, blank=True
    )  # its name in the picture storage; blank for a text-only source
    picture_sha256 = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001 - no picture is NULL: unique must skip it
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    boxes = models.JSONField()
    source = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=60, blank=True)
    source_id = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    proposals_open = models.BooleanField(default=False)  # annotators may propose captions for it
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="identical_pictures_are_one_template", fields=["picture_sha256"]),
            models.CheckConstraint(
                name="template_status_is_known", condition=Q(status__in=["active", "retired"])
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def layout(self) -> TemplateLayout:
        """The size and boxes as the plain noun, checked."""
        return TemplateLayout.from_json(width=self.width, height=self.height, boxes=self.boxes)

    @property
    def identity(self) -> str:
        """What decides the template's part of the data: the picture's hash, or the source id without a picture."""
        return self.picture_sha256 or self.source_id or self.slug


class Meme(models.Model):
    """A meme template with a text per box, drawn."""

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for moderation")
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")

    class Origin(models.TextChoices):
        HUMAN = "human", _("human")
        IMPORT = "import", _("import")
        GENERATOR = "generator", _("generator")

    MAX_PROPOSALS_A_DAY = 20  # of one person

    template = models.ForeignKey(MemeTemplate, on_delete=models.PROTECT, related_name="memes")
    language = models.CharField(max_length=12)
    texts = models.JSONField()
    texts_key = models.CharField(max_length=64)
    picture = models.CharField(
        max_length=120
    )  # its name in the picture storage: the drawing's own hash, which tells nothing
    renderer_version = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HUMAN)
    generator = models.CharField(max_length=80, blank=True)
    request = models.JSONField(null=True, blank=True)
    request_key = models.CharField(
        max_length=64, blank=True
    )  # the request's hash; memes of one request group share it
    reasoning = models.TextField(blank=True)
    source_id = models.CharField(max_length=120, blank=True)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    reviewed_at = models.DateTimeField(
        null=True, blank=True
    )  # of the newest decision: complaints before it are settled
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [
            models.Index(name="memes_waiting_for_moderation", fields=["id"], condition=Q(status="pending")),
            models.Index(name="memes_by_where_they_came_from", fields=["source_id"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_meme_stands_once_per_template_and_language",
                fields=["template", "language", "texts_key"],
            ),
            models.CheckConstraint(
                name="meme_status_is_known", condition=Q(status__in=["pending", "active", "retired"])
            ),
            models.CheckConstraint(
                name="meme_origin_is_known", condition=Q(origin__in=["human", "import", "generator"])
            ),
            models.CheckConstraint(
                name="only_generated_memes_name_a_generator",
                condition=Q(origin="generator") | Q(generator=""),
            ),
        ]

    def __str__(self) -> str:
        return " / ".join(text for text in self.texts if text)


class Group(models.Model):
    """Memes that may be compared: same meme template, same language, and the same user request when it is shown."""

    template = models.ForeignKey(MemeTemplate, on_delete=models.PROTECT, related_name="comparison_groups")
    language = models.CharField(max_length=12)
    request_key = models.CharField(max_length=64, blank=True)  # blank: the request is not shown
    active = models.BooleanField(default=True)
    size = models.PositiveIntegerField(default=0)  # active members
    full_pairs = models.PositiveIntegerField(default=0)  # active pairs with no free slot

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_group_per_template_language_and_request",
                fields=["template", "language", "request_key"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id}/{self.language}"


def _shuffle() -> float:
    return random.random()  # noqa: S311 - it breaks ties, it keeps no secret


class GroupMember(models.Model):
    """A meme in a group, with what the pairing policies need to know of it at constant cost."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="members")
    meme = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="memberships")
    # Active members are numbered 0 .. size - 1 without a gap, so that a meme can be drawn uniformly by its number; else NULL.
    position = models.PositiveIntegerField(null=True)
    pairs = models.PositiveIntegerField(default=0)  # pairs made with it: its degree in the comparison graph
    joined = models.BooleanField(
        default=False
    )  # hangs together with the group's first pair through pairs that were made
    shuffle = models.FloatField(default=_shuffle)  # a fixed random order among equals

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_meme_stands_once_in_a_group", fields=["group", "meme"]),
            models.UniqueConstraint(name="one_member_per_position", fields=["group", "position"]),
        ]
        indexes: ClassVar = [
            models.Index(
                name="least_compared_first",
                fields=["group", "joined", "pairs", "shuffle"],
                condition=Q(position__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meme_id} in {self.group_id}"
