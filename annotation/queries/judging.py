"""Reads: what the pages show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import QuerySet
from django.utils import timezone

from annotation.compiled import Argument, compiled
from annotation.models import (
    Assignment,
    DayTally,
    Meme,
    Pair,
    PracticePair,
    User,
)
from annotation.statements import OPEN_STATES


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


@compiled
def leases_of_retired_pairs(annotator: Argument) -> QuerySet[Assignment, int]:
    """Somebody's leases of pairs that may not be shown any more."""
    mine = Assignment.objects.filter(annotator=annotator, status__in=OPEN_STATES, pair__active=False)
    return mine.values_list("pk", flat=True)


def gone(annotator: User, have: Iterable[int]) -> list[int]:
    """Of the assignments that a page has in line, those with a meme that was retired meanwhile. One query, or none."""
    waiting = sorted(have)
    retired = set(leases_of_retired_pairs(annotator=annotator.pk)) if waiting else set()
    return [pk for pk in waiting if pk in retired]


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


def practice_left(annotator: User) -> QuerySet[PracticePair]:
    """The practice pairs somebody has not answered, in their order; none with a meme that nobody is to see any more."""
    return practice_shown().exclude(answers__annotator=annotator)


def practice_shown() -> QuerySet[PracticePair]:
    """The practice pairs, in their order; none with a meme that nobody is to see any more."""
    shown = PracticePair.objects.filter(
        better__status="active", worse__status="active", better__template__status="active"
    )
    return shown.select_related("better__template", "worse__template").order_by("pk")
