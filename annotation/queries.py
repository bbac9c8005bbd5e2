"""Reads: what the pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotation.compiled import Argument, compiled
from annotation.models import (
    Assignment,
    Consent,
    DayTally,
    Group,
    Judgment,
    Meme,
    MemeTemplate,
    Pair,
    PracticePair,
    Skip,
    User,
)


@dataclass(frozen=True, slots=True)
class Side:
    """One meme as the page shows it: nothing of where it came from."""

    picture: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Card:
    """A pair as the page shows it, in shown order, with the token its answer will carry."""

    assignment_id: int
    token: UUID
    left: Side
    right: Side
    question: str


@compiled
def shown_of_pair(pair: Argument) -> QuerySet[Pair, tuple[Any, ...]]:
    """What the page shows of a pair: both pictures with their texts, and the meme template's name and size."""
    memes = ("first__picture", "first__texts", "second__picture", "second__texts")
    template = ("group__template__name", "group__template__width", "group__template__height")
    return Pair.objects.filter(pk=pair).values_list(*memes, *template)


def card(assignment: Assignment) -> Card:
    """The pair of an assignment as the page shows it. One query."""
    ((one, one_texts, two, two_texts, name, *size),) = shown_of_pair(pair=assignment.pair_id)
    first, second = side(name, size, one, one_texts), side(name, size, two, two_texts)
    left, right = (second, first) if assignment.swapped else (first, second)
    return Card(assignment.pk, uuid4(), left, right, assignment.question)


def cards(assignments: Iterable[Assignment]) -> list[Card]:
    """The pairs of assignments as the page shows them, in the same order."""
    return [card(assignment) for assignment in assignments]


def side(template: str, size: Sequence[int], picture: str, texts: Sequence[str]) -> Side:
    """One side of a pair; the alternative text reads the caption out."""
    caption = " / ".join(" ".join(text.split()) for text in texts if text)
    return Side(picture, size[0], size[1], f"{template}: {caption}")


def side_of(meme: Meme) -> Side:
    """A meme, with its template loaded, as a page shows it."""
    return side(meme.template.name, (meme.template.width, meme.template.height), meme.picture, meme.texts)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far somebody is today."""

    judged: int
    goal: int
    streak: int

    @property
    def reached(self) -> bool:
        return self.judged >= self.goal


@compiled
def tallies_since(annotator: Argument, day: Argument) -> QuerySet[DayTally, DayTally]:
    """Somebody's tallies from a day on."""
    return DayTally.objects.filter(annotator=annotator, day__gte=day)


def progress(annotator: User) -> Progress:
    """Today's answers, the goal, and the days in a row. One query."""
    today = timezone.localdate()
    tallies = {row.day: row for row in tallies_since(annotator=annotator.pk, day=today - timedelta(days=1))}
    now, before = tallies.get(today), tallies.get(today - timedelta(days=1))
    if now and now.judged:
        return Progress(now.judged, annotator.daily_goal, now.streak)
    return Progress(0, annotator.daily_goal, before.streak if before and before.judged else 0)


def judgments_in_force() -> QuerySet[Judgment]:
    """Judgments that were not taken back."""
    return Judgment.objects.filter(superseded_at=None)


def practice_left(annotator: User) -> QuerySet[PracticePair]:
    """The practice pairs somebody has not answered, in their order."""
    return (
        PracticePair.objects.exclude(answers__annotator=annotator)
        .select_related("better__template", "worse__template")
        .order_by("pk")
    )


def own_statistics(annotator: User) -> dict[str, Any]:
    """What somebody gave so far, by kind of answer, and their last fortnight day by day."""
    given = judgments_in_force().filter(annotator=annotator)
    outcomes = dict(given.values_list("outcome").annotate(Count("pk")).order_by())
    passed = Skip.objects.filter(annotator=annotator, superseded_at=None)
    days = DayTally.objects.filter(
        annotator=annotator, day__gt=timezone.localdate() - timedelta(days=14)
    ).order_by("day")
    return {
        "judgments": sum(outcomes.values()),
        "outcomes": outcomes,
        "skips": passed.filter(kind=Skip.Kind.SKIP).count(),
        "flags": passed.filter(kind=Skip.Kind.FLAG).count(),
        "days": list(days),
    }


def overview() -> dict[str, Any]:
    """What an admin sees first: how much there is, what happens, and what people complain of."""
    now = timezone.now()
    return {
        "templates": MemeTemplate.objects.filter(status="active").count(),
        "memes": Meme.objects.filter(status="active").count(),
        "people": User.objects.filter(is_active=True).count(),
        "judgments": judgments_in_force().count(),
        "surplus": judgments_in_force().filter(surplus=True).count(),
        "leases": Assignment.objects.filter(status="leased", lease_until__gt=now).count(),
        "groups": Group.objects.filter(active=True, size__gte=2)
        .select_related("template")
        .annotate(judged=Count("pairs__judgments", filter=Q(pairs__judgments__superseded_at=None)))
        .order_by("template__name", "language"),
        "days": judgments_in_force()
        .filter(judged_at__gte=now - timedelta(days=14))
        .annotate(day=TruncDate("judged_at"))
        .values("day")
        .annotate(judged=Count("pk"), people=Count("annotator", distinct=True))
        .order_by("day"),
        "annotators": User.objects.annotate(
            judged=Count("judgments", filter=Q(judgments__superseded_at=None))
        ).order_by("-judged", "username")[:50],
        "flags": Skip.objects.filter(kind="flag", superseded_at=None)
        .select_related("pair__first__template", "pair__second", "annotator")
        .order_by("-id")[:20],
    }


UNDO_SLACK_S = 5  # an undo that began within its window may be stored a moment after it


def settled_until() -> datetime:
    """The moment before which nothing can be taken back any more."""
    return timezone.now() - timedelta(seconds=settings.UNDO_S + UNDO_SLACK_S)


def exportable(answers: QuerySet[Any], *, kinds: Iterable[str], time: str, cutoff: datetime) -> QuerySet[Any]:
    """Of judgments or skips: in force, old enough, by these kinds of annotators, under a consent that still stands.

    The consent must have been given before the answer: withdrawing and agreeing anew does not bring earlier answers back.
    """
    consent = Consent.objects.filter(
        annotator=OuterRef("annotator"), withdrawn_at=None, given_at__lte=OuterRef(time)
    )
    kept = {f"{time}__lte": cutoff, "superseded_at": None, "annotator__kind__in": list(kinds)}
    return answers.filter(Exists(consent), **kept)


def dataset_counts() -> dict[str, int]:
    """What an export made now with the default filters would hold."""
    judgments = exportable(
        Judgment.objects.all(), kinds=[User.Kind.PERSON.value], time="judged_at", cutoff=settled_until()
    )
    return {
        "templates": MemeTemplate.objects.count(),
        "memes": Meme.objects.exclude(status="pending").count(),
        "pairs": judgments.values("pair").distinct().count(),
        "judgments": judgments.count(),
        "annotators": judgments.values("annotator").distinct().count(),
        "finished": Pair.objects.filter(taken=F("wanted")).count(),
    }
