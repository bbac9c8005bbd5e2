"""Reads: what goes into a dataset."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.models import Consent, Group, GroupMember, Judgment, Meme, MemeTemplate, Pair, Takedown, User

COUNTED_FOR_S: Final = 60  # the counts below look at every judgment there is, so once a minute is enough


def judgments_in_force() -> QuerySet[Judgment]:
    """Judgments that were not taken back."""
    return Judgment.objects.filter(superseded_at=None)


UNDO_SLACK_S = 5  # an undo that began within its window may be stored a moment after it


def settled_until() -> datetime:
    """The moment before which nothing can be taken back any more."""
    return timezone.now() - timedelta(seconds=settings.UNDO_S + UNDO_SLACK_S)


def exportable_templates() -> QuerySet[MemeTemplate]:
    """Meme templates that were not taken down."""
    return MemeTemplate.objects.filter(takedown=None)


def exportable_memes() -> QuerySet[Meme]:
    """Memes that are shown or ever were, without what was taken down: no proposals that wait or were turned down."""
    ever_shown = Q(status=Meme.Status.ACTIVE) | Exists(GroupMember.objects.filter(meme=OuterRef("pk")))
    return Meme.objects.filter(ever_shown, takedown=None, template__takedown=None)


def pairs_taken_down() -> QuerySet[Pair]:
    """Pairs of which a meme or the meme template was taken down."""
    memes = Takedown.objects.filter(meme__isnull=False).values("meme")
    templates = Takedown.objects.filter(template__isnull=False).values("template")
    groups = Group.objects.filter(template__in=templates).values("pk")
    return Pair.objects.filter(Q(first__in=memes) | Q(second__in=memes) | Q(group__in=groups))


def exportable(answers: QuerySet[Any], *, kinds: Iterable[str], time: str, cutoff: datetime) -> QuerySet[Any]:
    """Of judgments or skips: in force, old enough, by these kinds of annotators, under a consent that still stands.

    The consent must have been given before the answer: withdrawing and agreeing anew does not bring earlier answers back.
    Nothing about what was taken down.
    """
    consent = Consent.objects.filter(
        annotator=OuterRef("annotator"),
        annotator__kind__in=list(kinds),
        withdrawn_at=None,
        given_at__lte=OuterRef(time),
    )
    # Not the other way round: nearly all are old enough, and the index by time would only lead SQLite from row to row.
    found = answers.filter(Exists(consent), superseded_at=None).exclude(**{f"{time}__gt": cutoff})
    # Looked up first, because mostly nothing was, and a million answers need not be asked about it.
    return found.exclude(pair__in=pairs_taken_down().values("pk")) if Takedown.objects.exists() else found


def dataset_counts() -> dict[str, int]:
    """What an export made now with the default filters would hold; as counted within the last minute."""
    counts: dict[str, int] | None = cache.get("annotation.dataset_counts")
    if counts is None:
        counts = count_dataset()
        cache.set("annotation.dataset_counts", counts, COUNTED_FOR_S)
    return counts


def count_dataset() -> dict[str, int]:
    """What an export made now with the default filters would hold. Reads every judgment once: not on every request."""
    kinds = [User.Kind.PERSON.value]
    judgments = exportable(Judgment.objects.all(), kinds=kinds, time="judged_at", cutoff=settled_until())
    theirs = judgments.filter(annotator=OuterRef("pk"))
    return {
        "templates": exportable_templates().count(),
        "memes": exportable_memes().count(),
        "judgments": judgments.count(),
        "annotators": User.objects.filter(Exists(theirs), kind__in=kinds).count(),
        "finished": Pair.objects.filter(taken=F("wanted")).count(),
    }
