"""Pairs, assignments, judgments, skips. Nothing here is ever deleted: what no longer counts is marked so."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from annotation.models.memes import Group, Meme
from annotation.models.people import User
from corpus.comparisons import Outcome, Question


class Pair(models.Model):
    """Two memes of one group, in canonical order (`first` has the smaller id), and how many annotators it still wants.

    A trigger in the database refuses a pair whose memes are not both of its group's template, language and request.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="pairs")
    first = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="+")
    wanted = models.PositiveSmallIntegerField()  # distinct annotators
    taken = models.PositiveSmallIntegerField(default=0)  # slots held, by a lease or by a judgment
    active = models.BooleanField(default=True)  # both memes may be shown
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_pair_stands_in_canonical_order", condition=Q(first__lt=F("second"))
            ),
            models.UniqueConstraint(name="a_pair_is_stored_once", fields=["group", "first", "second"]),
            models.CheckConstraint(
                name="a_pair_never_counts_more_than_wanted", condition=Q(taken__lte=F("wanted"))
            ),
            models.CheckConstraint(name="a_pair_wants_somebody", condition=Q(wanted__gte=1)),
        ]
        indexes: ClassVar = [
            models.Index(
                name="pairs_with_a_free_slot",
                fields=["group", "id"],
                condition=Q(active=True, taken__lt=F("wanted")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} : {self.second_id}"


class Assignment(models.Model):
    """A short lease of a pair to one annotator, with the order it is shown in and how likely it was to be drawn."""

    class Status(models.TextChoices):
        LEASED = "leased", _("leased")
        EXPIRED = "expired", _("expired")
        JUDGED = "judged", _("judged")
        SKIPPED = "skipped", _("skipped")

    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="assignments")
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="+"
    )  # the pair's: what somebody saw of a group is asked often
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    repeat = models.PositiveSmallIntegerField(default=0)
    swapped = models.BooleanField()  # shown order: the pair's second meme stands on the left
    slot = models.PositiveSmallIntegerField(
        null=True
    )  # which of the pair's wanted places it holds; NULL: none
    wanted = models.PositiveSmallIntegerField()  # the pair's, when the slot was taken
    status = models.CharField(max_length=10, choices=Status, default=Status.LEASED)
    question = models.CharField(
        max_length=10, choices=[(q.value, q.value) for q in Question], default=Question.FUNNIER
    )
    leased_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField()
    policy = models.CharField(max_length=30)
    policy_version = models.PositiveSmallIntegerField()
    template_probability = models.FloatField()  # of the group, before the draw
    pair_probability = models.FloatField()  # of the pair within its group, policy and random share mixed

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="nobody_gets_the_same_pair_twice", fields=["annotator", "pair", "repeat"]
            ),
            models.UniqueConstraint(
                name="a_slot_is_held_once", fields=["pair", "slot"], condition=Q(slot__isnull=False)
            ),
            models.CheckConstraint(
                name="a_slot_is_one_of_those_wanted", condition=Q(slot__gte=1, slot__lte=F("wanted"))
            ),
            models.CheckConstraint(
                name="only_a_lease_or_a_judgment_holds_a_slot",
                condition=Q(slot__isnull=True) | Q(status__in=["leased", "judged"]),
            ),
            models.CheckConstraint(
                name="assignment_status_is_known",
                condition=Q(status__in=["leased", "expired", "judged", "skipped"]),
            ),
            models.CheckConstraint(
                name="a_propensity_is_a_probability",
                condition=Q(
                    template_probability__gt=0,
                    template_probability__lte=1,
                    pair_probability__gt=0,
                    pair_probability__lte=1,
                ),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="what_somebody_saw_of_a_group", fields=["annotator", "group"]),
            models.Index(name="what_somebody_saw_last", fields=["annotator", "-id"]),
            models.Index(
                name="unfinished_assignments",
                fields=["annotator", "id"],
                condition=Q(status__in=["leased", "expired"]),
            ),
            models.Index(name="leases_by_their_end", fields=["lease_until"], condition=Q(status="leased")),
        ]

    def __str__(self) -> str:
        return f"{self.pair_id} to {self.annotator_id}"

    @property
    def propensity(self) -> float:
        """The probability, before the draw, of this pair for this annotator."""
        return self.template_probability * self.pair_probability


class Answer(models.Model):
    """What a judgment and a skip share: one answer to one assignment, repeatable without effect, taken back by a date."""

    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="%(class)ss")
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="%(class)ss")
    token = models.UUIDField()  # the client's: a repeated request carries the same one
    superseded_at = models.DateTimeField(null=True)  # undone then
    # What was served with the answer, so that a repeated request is answered the same.
    next_assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__.lower()} of {self.pair_id} by {self.annotator_id}"


class Judgment(Answer):
    """One person's row: what they said of a pair, in which shown order, how fast, and what they were asked."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="judgments")
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    swapped = models.BooleanField()
    question = models.CharField(max_length=10)
    request_shown = models.BooleanField()
    response_ms = models.PositiveIntegerField(null=True)  # NULL: the page could not measure it
    shown_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    surplus = models.BooleanField()  # came when the pair had all it wanted: kept, but beyond the replication
    slot = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_judgment_per_token", fields=["annotator", "token"]),
            models.UniqueConstraint(
                name="one_judgment_in_force_per_assignment",
                fields=["assignment"],
                condition=Q(superseded_at__isnull=True),
            ),
            models.UniqueConstraint(
                name="a_slot_is_judged_once",
                fields=["pair", "slot"],
                condition=Q(slot__isnull=False, superseded_at__isnull=True),
            ),
            models.CheckConstraint(
                name="surplus_holds_no_slot",
                condition=Q(surplus=True, slot__isnull=True) | Q(surplus=False, slot__isnull=False),
            ),
            models.CheckConstraint(
                name="outcome_is_known", condition=Q(outcome__in=["left", "right", "tie", "both_bad"])
            ),
            models.CheckConstraint(
                name="question_is_known", condition=Q(question__in=["funnier", "relevant"])
            ),
            models.CheckConstraint(name="judged_after_shown", condition=Q(judged_at__gte=F("shown_at"))),
        ]
        indexes: ClassVar = [
            models.Index(name="judgments_of_somebody", fields=["annotator", "-id"]),
            models.Index(name="judgments_by_time", fields=["judged_at"]),
        ]


class Skip(Answer):
    """An assignment that was passed over: not an outcome. A flag is a skip with a complaint."""

    class Kind(models.TextChoices):
        SKIP = "skip", _("skip")
        FLAG = "flag", _("flag")

    class Reason(models.TextChoices):
        OFFENSIVE = "offensive", _("Offensive")
        BROKEN = "broken", _("Broken or unreadable")
        SEEN = "seen_before", _("Seen before")
        UNCLEAR = "dont_get_it", _("Don't get it")

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="skips")
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_skip_per_token", fields=["annotator", "token"]),
            models.UniqueConstraint(
                name="one_skip_in_force_per_assignment",
                fields=["assignment"],
                condition=Q(superseded_at__isnull=True),
            ),
            models.CheckConstraint(
                name="a_flag_has_a_reason_and_a_skip_none",
                condition=Q(kind="skip", reason="")
                | Q(kind="flag", reason__in=["offensive", "broken", "seen_before", "dont_get_it"]),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="skips_of_somebody", fields=["annotator", "-id"]),
            models.Index(
                name="flags_in_force",
                fields=["at"],
                condition=Q(kind="flag", superseded_at__isnull=True),
            ),
        ]


class EmptyGroup(models.Model):
    """A group in which an annotator had nothing left to judge; left out of their draws for a while, then asked again."""

    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_row_per_annotator_and_empty_group", fields=["annotator", "group"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} for {self.annotator_id}"


class PracticePair(models.Model):
    """A pair whose better side is plain, shown before the first judgment; its answers never count."""

    better = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="+")
    worse = models.ForeignKey(Meme, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(name="a_practice_pair_stands_once", fields=["better", "worse"]),
            models.CheckConstraint(name="a_practice_pair_has_two_memes", condition=~Q(better=F("worse"))),
        ]

    def __str__(self) -> str:
        return f"{self.better_id} over {self.worse_id}"


class PracticeAnswer(models.Model):
    """What somebody said of a practice pair."""

    practice_pair = models.ForeignKey(PracticePair, on_delete=models.PROTECT, related_name="answers")
    annotator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="practice_answers")
    outcome = models.CharField(max_length=10, choices=[(o.value, o.value) for o in Outcome])
    better_on_left = models.BooleanField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_answer_per_practice_pair", fields=["practice_pair", "annotator"]
            ),
            models.CheckConstraint(
                name="practice_outcome_is_known",
                condition=Q(outcome__in=["left", "right", "tie", "both_bad"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} on practice pair {self.practice_pair_id}"
