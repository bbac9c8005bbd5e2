"""Reads: what goes into a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from annotation.models import Consent, Judgment, Meme, MemeTemplate, Pair, User


def judgments_in_force() -> QuerySet[Judgment]:
    """Judgments that were not taken back."""
    return Judgment.objects.filter(superseded_at=None)


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
